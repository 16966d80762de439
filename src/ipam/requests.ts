import type { Address } from "../address/address.ts";
import type { IpamError } from "./errors.ts";
import type { Network } from "./network.ts";
import type { Attendance } from "./node-port.ts";
import type { AttachmentId, Origin, PodId } from "./records.ts";
import type { Wish } from "./wish.ts";

/** What an ADD asks for, whatever protocol the caller speaks. */
export interface AddRequest {
  readonly attachment: AttachmentId;
  readonly namespacePath: string;
  readonly pod?: PodId;
  readonly network: Network;
  readonly wish: Wish;
  /**
   * Why the ADD gets nothing new: the pod's wish cannot be read, or is not allowed. An attachment that
   * has addresses keeps them.
   */
  readonly refusal?: IpamError;
  /** When the whole verb must have ended, in milliseconds of performance.now() (BOUNDED). */
  readonly deadline: number;
  /** Begun before the ADD waited for anything. A DEL that came since then wins. */
  readonly attendance?: Pick<Attendance, "lock">;
  /** Aborts when the caller will not take the answer any more. */
  readonly ending?: AbortSignal;
}

/** The result of an ADD: one address per range set, in the order of the sets. */
export interface Allocated {
  readonly space: string;
  readonly attachment: AttachmentId;
  readonly addresses: readonly AllocatedAddress[];
  readonly origin: Origin;
  /** ID of the request that last wrote the record. An undo compares it (ONLY-MINE). */
  readonly requestId: string;
  /** Revision of the attachment's record. */
  readonly revision: number;
  /** True when the attachment had these addresses before (IDEMPOTENT). */
  readonly repeated: boolean;
}

export interface AllocatedAddress {
  readonly address: Address;
  readonly prefix: number;
  readonly gateway?: Address;
}

/** The attachment that a DEL ends. */
export interface DelRequest {
  readonly attachment: AttachmentId;
  readonly coolingSeconds: number;
  readonly deadline: number;
  /**
   * The DEL succeeds when the store cannot be used but the release is safe on disk. Only for a caller
   * that replays kept releases soon, as the agent does.
   */
  readonly acceptKept?: boolean;
}

/** What a CHECK compares with the store. */
export interface CheckRequest {
  readonly attachment: AttachmentId;
  readonly network: Network;
  readonly pod?: PodId;
  /** The addresses of prevResult that lie in this network's subnets. */
  readonly expected: readonly Address[];
  readonly deadline: number;
}

/** The attachments that a GC keeps: all in `valid`. */
export interface GcRequest {
  readonly network: string;
  /** The network's address space. */
  readonly space: string;
  readonly valid: readonly { readonly container: string; readonly ifname: string }[];
  readonly coolingSeconds: number;
  readonly deadline: number;
}
