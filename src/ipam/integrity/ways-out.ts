import type { Ports } from "../ports.ts";

/** What an operator does with a store that a node refuses. */
export const WAY_OUT =
  "if this is intended (a restored backup, a new store), run 'kube-ipam recover': each node then reports to the store " +
  "what its pods hold; or make sure that no pod holds an address that the store does not know, and run " +
  "'kube-ipam store accept' on this node";

/** The store in words. */
export function where({ store }: Pick<Ports, "store">): string {
  return `${store.description.kind} store ${store.description.location}`;
}
