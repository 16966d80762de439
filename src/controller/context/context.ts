import type { NodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { Following, Inventory } from "../../ipam/inventory-port.ts";
import type { ClusterPorts, Log } from "../../ipam/ports.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import type { AdmissionClients } from "./admission-clients.ts";
import type { FrontProxy } from "./front-proxy.ts";
import type { Metrics } from "./metrics.ts";
import type { ControllerPools } from "./pools.ts";

/** What the controller's parts work with, whether this replica leads or not. */
export interface ControllerContext {
  readonly ports: ClusterPorts;
  readonly api: Api;
  readonly inventory: Inventory;
  /** For the leader alone. */
  readonly following: Following;
  /** Recognises the API server, which names the user that it forwards a request for. */
  readonly frontProxy: FrontProxy;
  /** Who may ask for admission. */
  readonly admissionClients: AdmissionClients;
  /** Store and defaults, as the node's file says. */
  readonly configuration: Omit<NodeConfiguration, "pools" | "poolFaults">;
  /** Of that file and of the cluster. */
  readonly pools: ControllerPools;
  /** The namespace of its Lease and Secret. */
  readonly namespace: string;
  /** The Service through which the API server reaches it. */
  readonly service: string;
  /** Milliseconds between the leader's rounds. */
  readonly intervalMs: number;
  readonly metrics: Metrics;
  readonly log: Log;
}
