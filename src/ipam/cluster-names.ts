/** Prefix of a name that is used where the cluster's UID cannot be read. */
const SUBSTITUTE = "authority-";
const BETWEEN = "+";
/** How many authorities one name lists: a record stays small. */
const LISTED = 8;

/**
 * What one cluster is called. Records get one name: the UID of the namespace kube-system, or where that
 * cannot be read a substitute, which lists what is known of the authorities behind the API server. A
 * substitute changes with them and with the rights of who asks, so a reader knows others beside it.
 */
export interface ClusterNames {
  /** What records get: the UID, or a substitute. */
  readonly name: string;
  /** Substitutes, each of one authority, by which records may call this cluster too. */
  readonly also: readonly string[];
}

/** The substitute of one authority. */
export function substituteOf(hash: string): string {
  return SUBSTITUTE + hash;
}

/** Whether a cluster is called by its authorities, because its UID may not be read. */
export function isSubstitute(name: string): boolean {
  return name.startsWith(SUBSTITUTE);
}

/** A name's parts, each of which names the cluster: of a substitute one for each authority. */
export function partsOf(name: string): string[] {
  if (!isSubstitute(name)) return [name];
  return name.slice(SUBSTITUTE.length).split(BETWEEN).map(substituteOf);
}

/**
 * The names of a cluster whose UID is this, or not known. The substitute lists the first authorities, in
 * an order that does not depend on that of `substitutes`.
 */
export function namesOf(uid: string | undefined, substitutes: readonly string[]): ClusterNames {
  const also = [...new Set(substitutes)];
  const listed = also.slice(0, LISTED).sort();
  const name = SUBSTITUTE + listed.map((part) => part.slice(SUBSTITUTE.length)).join(BETWEEN);
  return { name: uid ?? name, also };
}

/** All names of one cluster by which two readers know it; the first one's come first, but a UID before a substitute. */
export function joinNames(first: ClusterNames, second: ClusterNames): ClusterNames {
  const uid = [first.name, second.name].find((name) => !isSubstitute(name));
  return namesOf(uid, [first, second].flatMap(substitutesOf));
}

/** All parts of the names that are substitutes. */
export function substitutesOf({ name, also }: ClusterNames): string[] {
  return [...new Set([...(isSubstitute(name) ? partsOf(name) : []), ...also])];
}

/** The cluster that a record names, for the records that this program writes. */
export function clusterOfRecords({ clusterNames }: { readonly clusterNames?: ClusterNames }): {
  readonly cluster?: string;
} {
  return clusterNames === undefined ? {} : { cluster: clusterNames.name };
}
