import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import type { ClusterPools } from "../../config/settings/cluster-pools.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import type { Json } from "../../config/text/json-text.ts";
import type { Attendance } from "../../ipam/node-port.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { AttachmentId } from "../../ipam/records.ts";
import type { Environment, Parameters } from "./environment.ts";
import type { CniVersion, Verb } from "./versions.ts";

/** What came on stdin. */
export interface Input {
  readonly text: string;
  /** False when neither stdin nor a JSON object on it ended in time. */
  readonly whole: boolean;
}

/** One request as the runtime makes it, to the plugin itself or through the agent. */
export interface Call {
  readonly env: Environment;
  /** Read once, until `end` (performance.now() milliseconds) at the latest: it may never end. */
  readonly stdin: (end: number) => Promise<Input> | Input;
  /** performance.now() milliseconds at which the runtime began to wait. */
  readonly started: number;
}

/** What a verb works with once the request is understood. */
export interface Request {
  readonly verb: Verb;
  readonly version: CniVersion;
  readonly parameters: Parameters;
  readonly configuration: NetworkConfiguration;
  /** performance.now() milliseconds (BOUNDED). */
  readonly deadline: number;
}

/** What a verb is about to read of the cluster's pools. */
export interface AskingPools {
  readonly verb: Verb;
  /** The network's configuration. */
  readonly document: Json;
  readonly file: NodeFileText;
  /** performance.now() milliseconds. */
  readonly deadline: number;
}

/** What differs between the plugin and the agent, which run the same verbs. */
export interface Host {
  /** Text of the node's file, if there is one (docs/design.md section 7). */
  readonly nodeFile: () => NodeFileText | undefined;
  /**
   * The cluster's pools, where a cluster is at hand. Asked only where there is a node's file: without one a network
   * chooses its own API server.
   *
   * @throws IpamError where the network's own pool cannot be read.
   */
  readonly clusterPools?: (
    asking: AskingPools,
  ) => Promise<ClusterPools | undefined> | ClusterPools | undefined;
  /** Opens, or lends, everything a verb touches. `adding`: the attachment of an ADD, which others see as under way. */
  readonly openPorts: (request: Request, adding?: AttachmentId) => Promise<OpenPorts>;
  /**
   * Delivers the answer to the caller. Throws when that is known to have failed: an ADD then undoes
   * itself (ONLY-MINE). `exitCode` is what the verb will end with.
   */
  readonly deliver: (text: string, exitCode: 0 | 1) => Promise<void> | void;
  /** True where something else than verbs frees dead records and replays kept releases. */
  readonly reclaims?: boolean;
  /** Aborts when the process is asked to end before the answer was delivered. */
  readonly ending?: AbortSignal;
}

export interface OpenPorts extends Ports {
  /** Where an ADD is under way. */
  readonly attendance?: Attendance;
  /** Closes what openPorts opened. Never throws. */
  readonly close: () => Promise<void>;
}
