import type { OwnerReference } from "../ipam/cluster-port.ts";
import type { Owner } from "../ipam/records.ts";
import { groupOf, OWNER_KINDS } from "./kinds.ts";

/** The owner that a reference names. */
export function ownerFrom(namespace: string, { apiVersion, kind, name, uid }: OwnerReference): Owner {
  const known = OWNER_KINDS[kind]?.group === groupOf(apiVersion);
  return { kind, namespace, name, uid, ...(!known && { apiVersion }) };
}
