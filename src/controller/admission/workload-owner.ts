import type { Cluster, OwnerFacts } from "../../ipam/cluster-port.ts";
import type { PodId, ReservationRecord } from "../../ipam/records.ts";
import type { Workload } from "./workload.ts";

/** Reads whom the pods' addresses will be reserved for; called only where there is a reservation. */
export type OwnerOf = () => Promise<OwnerFacts>;

/**
 * The owner that an ADD of these pods will have: the workload itself, or for a pod what controls it, by
 * live reads.
 */
export function ownerOfWorkload(workload: Workload, cluster: Cluster, deadline: number): OwnerOf {
  const { kind, name, namespace, owners, uid } = workload;
  if (kind !== "Pod") {
    return async () => ({ owner: { kind, namespace, name, ...(uid !== undefined && { uid }) } });
  }
  return () =>
    cluster.ownerOf(
      {
        namespace,
        name,
        uid: uid ?? "",
        annotations: workload.annotations,
        labels: {},
        deleting: false,
        finished: false,
        mirror: false,
        ownerReferences: owners,
      },
      deadline,
    );
}

/**
 * The pod that will ask. Only a StatefulSet's pods have names that are known beforehand: what is
 * reserved for one of them is its own.
 */
export function askingPod({ kind, name, namespace, uid }: Workload, { owner }: ReservationRecord): PodId {
  if (kind === "Pod") return { namespace, name, ...(uid !== undefined && { uid }) };
  const ordinal = owner.name.startsWith(`${name}-`) ? owner.name.slice(name.length + 1) : "";
  const isOwn = kind === "StatefulSet" && owner.kind === "Pod" && owner.namespace === namespace;
  return { namespace, name: isOwn && /^\d+$/.test(ordinal) ? owner.name : "" };
}
