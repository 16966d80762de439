import type { ClusterNames } from "../ipam/cluster-names.ts";
import type { Cluster, PodFacts } from "../ipam/cluster-port.ts";
import type { Inventory } from "../ipam/inventory-port.ts";
import type { NetworkAttachmentDefinition } from "../kubernetes/objects/attachment-definition.ts";
import type { WorkloadAbove } from "../kubernetes/objects/workloads-above.ts";

/** Kubernetes, opened for one operator's question or command. */
export interface ClusterAccess {
  readonly cluster: Cluster;
  readonly inventory: Inventory;
  /** A NetworkAttachmentDefinition; undefined where there is none. @throws IpamError */
  definition(
    namespace: string,
    name: string,
    deadline: number,
  ): Promise<NetworkAttachmentDefinition | undefined>;
  /** The workloads above a pod, as far as they can be read, its controller first. @throws IpamError */
  workloadsAbove(pod: PodFacts, deadline: number): Promise<WorkloadAbove[]>;
  /** What the cluster is called. */
  readonly names: ClusterNames;
  /** For people: the kubeconfig, or the service account. */
  readonly source: string;
}
