import { isOwnHolder } from "../cluster-relation.ts";
import type { NamespaceState, Trace } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { Holder } from "../records.ts";

/**
 * Whether this node may free a holder's record without a DEL: the holder is of this cluster, and its
 * network namespace is gone for certain (EVIDENCE).
 */
export function mayFree(holder: Holder, ports: Ports): boolean {
  if (!isOwnHolder(holder, ports)) return false;
  return namespaceStateOf(holder, ports) === "gone";
}

/**
 * The state of a holder's network namespace, as far as this machine can know it. A boot ID is evidence about
 * one machine only, and two machines may have been given one node name. A store that is not shared holds
 * what its own machine made, also before records named it.
 */
export function namespaceStateOf(
  trace: Trace,
  { node, store }: Pick<Ports, "node" | "store">,
): NamespaceState {
  const { bootId } = trace;
  if (!store.description.shared && bootId !== "" && bootId !== node.bootId) return "gone";
  return node.namespaceState(trace);
}
