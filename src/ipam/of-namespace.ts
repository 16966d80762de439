import type { ClusterNames } from "./cluster-names.ts";
import { clusterRelation } from "./cluster-relation.ts";
import { OWN_KINDS } from "./own-kinds.ts";
import type { Holder, Owner, PodId } from "./records.ts";

/** A Kubernetes namespace of the reader's own cluster. Another cluster's of the same name is somebody else's. */
export interface NamespaceOf {
  readonly namespace: string;
  readonly clusterNames: ClusterNames | undefined;
}

/** Whether a pod of the namespace is the holder. */
export function isHeldIn(of: NamespaceOf, { pod, cluster }: HeldBy): boolean {
  return pod?.namespace === of.namespace && clusterRelation(cluster, of.clusterNames) === "same";
}

/** Whether something is reserved for a pod or workload of the namespace. */
export function isReservedIn(of: NamespaceOf, { owner, cluster }: ReservedFor): boolean {
  if (owner.namespace !== of.namespace || OWN_KINDS.has(owner.kind)) return false;
  return clusterRelation(cluster, of.clusterNames) === "same";
}

interface HeldBy {
  readonly pod?: Pick<PodId, "namespace">;
  readonly cluster?: Holder["cluster"];
}

interface ReservedFor {
  readonly owner: Pick<Owner, "kind" | "namespace">;
  readonly cluster?: Holder["cluster"];
}
