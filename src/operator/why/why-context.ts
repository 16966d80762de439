import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { ClusterAccess } from "../cluster-access.ts";
import type { KnownNetwork } from "./known-network.ts";

/** What the answer is drawn from, on a node or in the controller. */
export interface WhyContext {
  readonly ports: Ports;
  readonly options: CallOptions;
  /** Absent where Kubernetes is not asked. */
  readonly access?: ClusterAccess;
  /** Networks that configurations describe; they count before what the store remembers. */
  readonly configured: readonly KnownNetwork[];
  /** Pools in force, where what the store remembers does not tell a network's policy. */
  readonly pools?: readonly PoolInSpace[];
  /** The network of the pod's first interface, where the caller names it. */
  readonly network?: string;
}
