export type ClusterRelation = "same" | "other" | "unknown";

/**
 * Whether a record is of the same cluster as the one who reads it. A record that names no cluster
 * was made where none is configured, or before it was known.
 */
export function clusterRelation(recorded: string | undefined, own: string | undefined): ClusterRelation {
  if (recorded === undefined || recorded === own) return "same";
  return own === undefined ? "unknown" : "other";
}
