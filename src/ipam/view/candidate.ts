import type { Address } from "../../address/address.ts";
import { rangeOf } from "../../address/range.ts";
import type { OpenTarget } from "../plan/target.ts";
import type {
  AllocationRecord,
  AttachmentRecord,
  Holder,
  Origin,
  OwnerRecord,
  ReservationRecord,
} from "../records.ts";
import type { Snapshot, Versioned } from "../store-port.ts";

/** One address that an ADD is about to take, with the revisions that its transaction must guard. */
export interface Candidate {
  readonly address: Address;
  readonly prefix: number;
  readonly gateway?: Address;
  readonly origin: Origin;
  /** The allocation that is there, where it was judged that it may be replaced or shared. */
  readonly allocation?: Versioned<AllocationRecord>;
  /** Holders that stay beside the asker (live migration); empty when they are replaced. */
  readonly staying: readonly Holder[];
  readonly evictions: readonly Eviction[];
  readonly reservation?: Versioned<ReservationRecord>;
  /** The owner that loses the address to the asker. */
  readonly previousOwner?: Versioned<OwnerRecord>;
  /** 0 where the address is not cooling. */
  readonly coolingRevision: number;
}

/** An attachment that loses its addresses in a hand-over. */
export interface Eviction {
  readonly holder: Holder;
  /** Its index entry; absent when only the allocation was left of it. */
  readonly entry?: Versioned<AttachmentRecord>;
  /** The allocations that the entry names. */
  readonly allocations: Snapshot;
}

/** An address of which the store knows nothing. */
export function untouchedCandidate(target: OpenTarget, address: Address): Candidate {
  const range = rangeOf(target.set, address);
  if (range === undefined) throw new Error("a pool lies in the subnets of its range set");
  return {
    address,
    prefix: range.subnet.prefix,
    ...(range.gateway && { gateway: range.gateway }),
    origin: target.origin,
    staying: [],
    evictions: [],
    coolingRevision: 0,
  };
}
