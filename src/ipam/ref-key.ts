import { sortableText } from "../address/sortable.ts";
import type { Ref } from "./records.ts";

/** Equal for two references to one record, and only for those. An owner's UID does not count. */
export function refKey(ref: Ref): string {
  if ("address" in ref) return JSON.stringify([ref.kind, ref.space, sortableText(ref.address)]);
  if ("id" in ref) {
    const { network, container, ifname } = ref.id;
    return JSON.stringify([ref.kind, ref.node, network, container, ifname]);
  }
  if (ref.kind !== "owner") return JSON.stringify(ref);
  return JSON.stringify([ref.kind, ref.space, ref.owner.kind, ref.owner.namespace, ref.owner.name]);
}
