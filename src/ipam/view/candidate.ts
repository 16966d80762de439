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

/** One address that an ADD may take, with the revisions that its transaction must guard. */
export interface Candidate {
  readonly address: Address;
  readonly prefix: number;
  readonly gateway?: Address;
  readonly origin: Origin;
  /** The present allocation, where the ADD may replace or share it. */
  readonly allocation?: Versioned<AllocationRecord>;
  /** Holders that keep the address beside the asker (live migration). */
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
  /** Its attachment record; absent where only the allocation was left. */
  readonly entry?: Versioned<AttachmentRecord>;
  /** The allocations of the entry's addresses. */
  readonly allocations: Snapshot;
}

/** A candidate for an address that the store has no record of. */
export function untouchedCandidate(target: OpenTarget, address: Address): Candidate {
  const range = rangeOf(target.set, address);
  if (range === undefined) throw new Error("a pool lies in the subnets of its range set");
  const { gateway, subnet } = range;
  return unheldCandidate({
    address,
    prefix: subnet.prefix,
    ...(gateway && { gateway }),
    origin: target.origin,
  });
}

/** A candidate that takes the address from nobody, whatever else the store knows of it. */
export function unheldCandidate({ address, prefix, gateway, origin }: Printed): Candidate {
  return {
    address,
    prefix,
    ...(gateway && { gateway }),
    origin,
    staying: [],
    evictions: [],
    coolingRevision: 0,
  };
}

/** What the result says of an address, and how it was chosen. */
type Printed = Pick<Candidate, "address" | "prefix" | "gateway" | "origin">;
