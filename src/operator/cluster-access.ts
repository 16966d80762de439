import type { Cluster } from "../ipam/cluster-port.ts";
import type { Inventory } from "../ipam/inventory-port.ts";
import type { NetworkDefinition } from "../kubernetes/objects/network-definition.ts";

/** Kubernetes, opened for one operator's question or command. */
export interface ClusterAccess {
  readonly cluster: Cluster;
  readonly inventory: Inventory;
  /** A NetworkAttachmentDefinition; undefined where there is none. @throws IpamError */
  definition(namespace: string, name: string, deadline: number): Promise<NetworkDefinition | undefined>;
  /** UID of the cluster. */
  readonly uid: string;
  /** For people: the kubeconfig, or the service account. */
  readonly source: string;
}
