import { type ClusterNames, isSubstitute, namesOf, partsOf } from "../cluster-names.ts";

/** The names of a cluster that is called so, a UID or a substitute, and also by these substitutes. */
export function calledBy(name: string, ...also: readonly string[]): ClusterNames {
  const [uid, own] = isSubstitute(name) ? [undefined, partsOf(name)] : [name, []];
  return namesOf(uid, [...own, ...also]);
}
