import type { NodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { Inventory } from "../../ipam/inventory-port.ts";
import type { ClusterPorts, Log } from "../../ipam/ports.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import type { FrontProxy } from "./front-proxy.ts";
import type { Metrics } from "./metrics.ts";

/** What the controller's parts work with, whether this replica leads or not. */
export interface ControllerContext {
  readonly ports: ClusterPorts;
  readonly api: Api;
  readonly inventory: Inventory;
  /** Who may ask in another's name: the API server. */
  readonly frontProxy: FrontProxy;
  /** Store, pools and defaults, as the node's file says. */
  readonly configuration: NodeConfiguration;
  /** Where its Lease and Secret lie. */
  readonly namespace: string;
  /** The Service by which the API server reaches it. */
  readonly service: string;
  /** Between the leader's rounds. */
  readonly intervalMs: number;
  readonly metrics: Metrics;
  readonly log: Log;
}
