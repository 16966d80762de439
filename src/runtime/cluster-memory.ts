import { type ClusterNames, isSubstitute, namesOf, substitutesOf } from "../ipam/cluster-names.ts";

/** What a node remembers of its cluster's names. */
export interface ClusterMemory {
  /** The cluster's UID, once the node could read it. */
  readonly uid?: string;
  /** Substitutes of one authority each, the last one first. */
  readonly substitutes: readonly string[];
  /** UID of this node's Node object. */
  readonly node?: string;
}

/** How many former authorities a node remembers: more than any cluster has in its life. */
const REMEMBERED = 32;

/** The cluster's names by what is remembered. */
export function namesBy({ uid, substitutes }: ClusterMemory): ClusterNames {
  return namesOf(uid, substitutes);
}

/** Whether one authority is known by both. */
export function shareNames({ substitutes }: ClusterMemory, asked: ClusterNames): boolean {
  return substitutesOf(asked).some((part) => substitutes.includes(part));
}

/**
 * The memory after Kubernetes was asked. Names that have nothing in common with the former ones are a new
 * authority, or another cluster which the machine has joined: a Node object of another UID tells that apart,
 * and then nothing of before is this cluster's.
 *
 * @param node UID of this node's Node object now, where it could be read.
 */
export function learnNames(
  known: ClusterMemory | undefined,
  asked: ClusterNames,
  node: string | undefined,
): ClusterMemory {
  const moved =
    known !== undefined &&
    !shareNames(known, asked) &&
    known.node !== undefined &&
    node !== undefined &&
    known.node !== node;
  const former = known === undefined || moved ? [] : known.substitutes;
  const substitutes = [...new Set([...substitutesOf(asked), ...former])].slice(0, REMEMBERED);
  const uid = isSubstitute(asked.name) ? undefined : asked.name;
  const nodeUid = node ?? (moved ? undefined : known?.node);
  return {
    ...(uid !== undefined && { uid }),
    substitutes,
    ...(nodeUid !== undefined && { node: nodeUid }),
  };
}
