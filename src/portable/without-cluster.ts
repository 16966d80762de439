import type { PortableRecord } from "./document.ts";

/**
 * The record as a store has it that is not shared. Such a store names no cluster, because it has one only: who reads a
 * name there takes the record for a stranger's, and neither adopts nor frees it.
 */
export function withoutCluster({ ref, record }: PortableRecord): PortableRecord {
  const text = JSON.stringify(record, (key, value) => (key === "cluster" ? undefined : value));
  return { ref, record: JSON.parse(text) };
}
