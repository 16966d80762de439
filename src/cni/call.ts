import type { NetworkConfiguration } from "../config/network-configuration.ts";
import type { Attendance } from "../ipam/node-port.ts";
import type { Ports } from "../ipam/ports.ts";
import type { AttachmentId } from "../ipam/records.ts";
import type { Environment, Parameters } from "./environment.ts";
import type { CniVersion, Verb } from "./versions.ts";

/** What came on stdin. */
export interface Input {
  readonly text: string;
  /** False where it had neither ended in time, nor come to the end of a JSON object. */
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

/** What the plugin role and the agent do differently; the verbs are the same. */
export interface Host {
  /** Text of the node's file, if there is one (docs/design.md section 7). */
  readonly nodeFile: () => { path: string; text: string } | undefined;
  /** Opens, or lends, everything a verb touches; attends to the attachment that an ADD is about. */
  readonly openPorts: (request: Request, adding?: AttachmentId) => Promise<OpenPorts>;
  /**
   * Hands the answer to whoever asked. Throws when that is known to have failed: an ADD then undoes
   * itself (ONLY-MINE). `exitCode` is what the verb will end with.
   */
  readonly deliver: (text: string, exitCode: 0 | 1) => Promise<void> | void;
  /** True where dead records are freed, and kept releases replayed, without the help of verbs. */
  readonly reclaims?: boolean;
  /** Aborts when the process is asked to end before the answer was delivered. */
  readonly ending?: AbortSignal;
}

export interface OpenPorts extends Ports {
  /** Where an ADD is under way. */
  readonly attendance?: Attendance;
  /** Gives back what openPorts opened. Never throws. */
  readonly close: () => Promise<void>;
}
