import type { Address } from "../address/address.ts";
import type { IpamError } from "./errors.ts";
import type { Network } from "./network.ts";
import type { Attendance } from "./node-port.ts";
import type { AttachmentId, Origin, PodId } from "./records.ts";
import type { Wish } from "./wish.ts";

/** What an ADD asks for, whoever speaks the protocol. */
export interface AddRequest {
  readonly attachment: AttachmentId;
  readonly namespacePath: string;
  readonly pod?: PodId;
  readonly network: Network;
  readonly wish: Wish;
  /** Why it is not known what the pod wants, or cannot be given: only what it has already still counts. */
  readonly refusal?: IpamError;
  /** performance.now() milliseconds at which the whole verb must have ended (BOUNDED). */
  readonly deadline: number;
  /** Begun before anything was waited for: a DEL that came since then wins. */
  readonly attendance?: Pick<Attendance, "lock">;
  /** Aborts when whoever asked will not take the answer any more. */
  readonly ending?: AbortSignal;
}

/** What an ADD got. One address per range set, in the order of the sets. */
export interface Allocated {
  readonly attachment: AttachmentId;
  readonly addresses: readonly AllocatedAddress[];
  readonly origin: Origin;
  /** The request that wrote the record last; undo compares it (ONLY-MINE). */
  readonly requestId: string;
  /** True when the attachment had these addresses before (IDEMPOTENT). */
  readonly repeated: boolean;
}

export interface AllocatedAddress {
  readonly address: Address;
  readonly prefix: number;
  readonly gateway?: Address;
}

export interface DelRequest {
  readonly attachment: AttachmentId;
  readonly coolingSeconds: number;
  readonly deadline: number;
  /**
   * With a store that cannot be used, a release that is safely on disk counts as done: only where
   * somebody replays it soon, as the agent does.
   */
  readonly acceptKept?: boolean;
}

export interface CheckRequest {
  readonly attachment: AttachmentId;
  readonly network: Network;
  readonly pod?: PodId;
  /** The addresses of prevResult that lie in this network's subnets. */
  readonly expected: readonly Address[];
  readonly deadline: number;
}

export interface GcRequest {
  readonly network: string;
  /** The network's address space. */
  readonly space: string;
  readonly valid: readonly { readonly container: string; readonly ifname: string }[];
  readonly coolingSeconds: number;
  readonly deadline: number;
}
