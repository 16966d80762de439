import type { NodeFacts, PodFacts } from "./cluster-port.ts";

/**
 * All pods and nodes of the cluster, to compare them with the store. Reads lists page by page, so
 * that memory stays bounded.
 *
 * A list shows one moment, and an object that it lacks may have come since. So a list raises a
 * suspicion and never frees anything: a caller that frees reads the single object again (EVIDENCE).
 *
 * Both methods give up before `deadline` (milliseconds of performance.now()) and throw like the
 * Cluster port. The objects yielded before a failure are right, but are not all.
 */
export interface Inventory {
  pods(deadline: number): AsyncIterable<PodFacts>;
  nodes(deadline: number): AsyncIterable<NodeFacts>;
}
