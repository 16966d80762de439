import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";

/** What an operator does with a store that a node refuses. */
export const WAY_OUT =
  "if this is intended (a restored backup, a new store), run 'kube-ipam recover': each node then reports to the store " +
  "what its pods hold; or make sure that no pod holds an address that the store does not know, and run " +
  "'kube-ipam store accept' on this node";

/** What an operator does with a store that gives out nothing because its address spaces live in another one. */
export const OUT_OF_MOVE =
  "this ends when the nodes' configuration names that store; 'kube-ipam store move --status' tells how far the move " +
  "is, and '--abort' takes it back until the other store is open";

/** The store in words. */
export function where({ store }: Pick<Ports, "store">): string {
  return `${store.description.kind} store ${store.description.location}`;
}

/** What an operator does with a store that a node has stopped. */
export function outOfSuspicion({ suspicion }: Pick<MetaRecord, "suspicion">): string {
  const there = suspicion === undefined ? "there" : `on node ${suspicion.node}`;
  return `run 'kube-ipam recover', by which each node reports to the store what its pods hold; if it is a mistake, run 'kube-ipam store accept' ${there}`;
}
