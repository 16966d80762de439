import { type ClusterNames, isSubstitute, partsOf } from "./cluster-names.ts";
import type { Node } from "./node-port.ts";
import type { Holder } from "./records.ts";

/** "unknown": the reader does not know what its own cluster is called. */
export type ClusterRelation = "same" | "other" | "unknown";

/**
 * Whether a record belongs to the cluster of the program that reads it, by its name. A record without a
 * cluster counts as "same": it was made without Kubernetes, or before the cluster's name was known. Two
 * UIDs decide by themselves; otherwise one authority in common is enough, because a substitute changes
 * with rights and certificates while the cluster stays what it is.
 */
export function clusterRelation(
  recorded: string | undefined,
  own: ClusterNames | undefined,
): ClusterRelation {
  if (recorded === undefined) return "same";
  if (own === undefined) return "unknown";
  return isNamed(recorded, [own.name, ...own.also]) ? "same" : "other";
}

/**
 * Whether a record is certainly of the reader's own cluster, so that the reader may end it on its own:
 * a record without a cluster only where the reader has none either.
 */
export function isOwnCluster(recorded: string | undefined, own: ClusterNames | undefined): boolean {
  if (recorded === undefined || own === undefined) return recorded === own;
  return clusterRelation(recorded, own) === "same";
}

/**
 * Whether names that have nothing in common may still be of one cluster, because one of them is a
 * substitute. Then only what is unique in the world proves it: a boot ID, a pod's UID, an owner's UID.
 */
export function isUndecided(recorded: string | undefined, own: ClusterNames | undefined): boolean {
  if (recorded === undefined || own === undefined || clusterRelation(recorded, own) !== "other") return false;
  return isSubstitute(recorded) || isSubstitute(own.name);
}

/** Whether two readers' names are of one cluster. */
export function areSameCluster(one: ClusterNames, other: ClusterNames): boolean {
  if (!isSubstitute(one.name) && !isSubstitute(other.name)) return one.name === other.name;
  return [one.name, ...one.also].some((name) => clusterRelation(name, other) === "same");
}

/** As `clusterRelation`, for a holder, whose boot may prove what its cluster's name does not. */
export function holderRelation(holder: Holder, { clusterNames, node }: Reader): ClusterRelation {
  if (isUndecided(holder.cluster, clusterNames) && isOfThisBoot(holder, node)) return "same";
  return clusterRelation(holder.cluster, clusterNames);
}

/** As `isOwnCluster`, for a holder, whose boot may prove what its cluster's name does not. */
export function isOwnHolder(holder: Holder, reader: Reader): boolean {
  return holderRelation(holder, reader) === "same" && isOwnOrUndecided(holder, reader);
}

/**
 * Whether a record of the reader's cluster should get the reader's name, because more readers know that: the
 * UID before a substitute, or a substitute with further authorities. Two nodes never take turns with theirs.
 */
export function isOutdated(recorded: string | undefined, own: ClusterNames | undefined): boolean {
  if (recorded === undefined || own === undefined || recorded === own.name) return false;
  if (!isSubstitute(own.name) || !isSubstitute(recorded)) return !isSubstitute(own.name);
  const [had, has] = [partsOf(recorded), partsOf(own.name)];
  if (had.some((part) => has.includes(part))) return had.every((part) => has.includes(part));
  return clusterRelation(recorded, own) === "same";
}

/** Who reads a record: what its cluster is called, and where it runs. */
export interface Reader {
  readonly clusterNames?: ClusterNames;
  readonly node: Pick<Node, "name" | "bootId">;
}

function isOwnOrUndecided({ cluster }: Holder, { clusterNames }: Reader): boolean {
  return isOwnCluster(cluster, clusterNames) || isUndecided(cluster, clusterNames);
}

function isOfThisBoot({ bootId, node }: Holder, self: Reader["node"]): boolean {
  return node === self.name && bootId !== "" && bootId === self.bootId;
}

function isNamed(recorded: string, names: readonly string[]): boolean {
  const parts = new Set(names.flatMap(partsOf));
  return partsOf(recorded).some((part) => parts.has(part));
}
