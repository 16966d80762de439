/** "unknown": the reader does not know its own cluster's UID. */
export type ClusterRelation = "same" | "other" | "unknown";

/**
 * Whether a record belongs to the cluster of the program that reads it. A record without a cluster
 * counts as "same": it was made without Kubernetes, or before the cluster's UID was known.
 */
export function clusterRelation(recorded: string | undefined, own: string | undefined): ClusterRelation {
  if (recorded === undefined || recorded === own) return "same";
  return own === undefined ? "unknown" : "other";
}
