import { isOwnHolder } from "../cluster-relation.ts";
import type { Ports } from "../ports.ts";
import type { Holder } from "../records.ts";

/**
 * Whether this node may free a holder's record without a DEL: the holder is of this cluster, and its
 * network namespace is gone for certain (EVIDENCE).
 */
export function mayFree(holder: Holder, ports: Ports): boolean {
  if (!isOwnHolder(holder, ports)) return false;
  return ports.node.namespaceState(holder.namespace, holder.bootId) === "gone";
}
