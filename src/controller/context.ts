import type { NodeConfiguration } from "../config/parse-node-configuration.ts";
import type { Cluster } from "../ipam/cluster-port.ts";
import type { Inventory } from "../ipam/inventory-port.ts";
import type { Log, Ports } from "../ipam/ports.ts";
import type { Api } from "../kubernetes/api.ts";
import type { Metrics } from "./metrics.ts";

/** Ports of one who works for the whole cluster: Kubernetes is always there, a node never. */
export interface ControllerPorts extends Ports {
  readonly cluster: Cluster;
  readonly clusterUid: string;
}

/** What the controller's parts work with, whether this replica leads or not. */
export interface ControllerContext {
  readonly ports: ControllerPorts;
  readonly api: Api;
  readonly inventory: Inventory;
  /** Store, pools and defaults, as the node's file says. */
  readonly configuration: NodeConfiguration;
  /** Where its Lease and Secret lie. */
  readonly namespace: string;
  /** The Service by which the API server reaches it. */
  readonly service: string;
  readonly metrics: Metrics;
  readonly log: Log;
}
