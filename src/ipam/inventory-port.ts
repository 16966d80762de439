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

/**
 * All pods and nodes of the cluster, kept up to date: listed once, page by page, and watched from there. For the one
 * leader of a cluster. As a list, it raises suspicions only.
 *
 * Both go on over whatever breaks off until `signal` aborts, and never throw.
 */
export interface Following {
  pods(signal: AbortSignal): AsyncIterable<Seen<PodFacts>>;
  nodes(signal: AbortSignal): AsyncIterable<Seen<NodeFacts>>;
}

/**
 * "listing": all objects come next, and what does not come until "listed" is there no more. Between the two nothing is
 * known of those that have not come yet.
 */
export type Seen<T> =
  | { readonly kind: "listing" }
  | { readonly kind: "listed" }
  | { readonly kind: "present"; readonly object: T }
  | { readonly kind: "gone"; readonly object: T };
