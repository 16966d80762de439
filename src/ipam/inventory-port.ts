import type { NodeFacts, PodFacts } from "./cluster-port.ts";

/**
 * All pods and nodes of the cluster, for those who compare them with the store. Lists are read page
 * by page, so that memory stays bounded.
 *
 * A list is a picture of one moment, and what is not in it may have come since: it raises a
 * suspicion, and never frees anything. Who frees asks for the single object again (EVIDENCE).
 *
 * Both methods give up before `deadline` (performance.now() milliseconds) and throw as the Cluster
 * port does; what they have told until then is right, but not all.
 */
export interface Inventory {
  pods(deadline: number): AsyncIterable<PodFacts>;
  nodes(deadline: number): AsyncIterable<NodeFacts>;
}
