import { type Address, formatAddress } from "../../address/address.ts";
import { isWithin } from "../../address/interval.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import type { Memory } from "../foresight.ts";
import type { NamedTarget } from "../plan/target.ts";
import type { Ports } from "../ports.ts";
import type { Owner, OwnerRecord, Ref, ReservationRecord } from "../records.ts";
import { refsAround } from "../ref-to.ts";
import { revisionIn, type Won } from "../revision-in.ts";
import { sameOwner } from "../same.ts";
import type { Transaction, Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { type Candidate, unheldCandidate } from "../view/candidate.ts";
import { ownerRef, type View } from "../view/view.ts";

/**
 * The candidate for a named address, as if nobody held it. For a wish with an owner, this process must remember the
 * owner's reservation, or the owner's record without that address; else (a workload's first ADD, or the first on this
 * node) the answer is undefined, and the ADD reads the store.
 */
export function namedCandidate(
  attempt: Attempt,
  target: NamedTarget,
  { reserved }: Memory,
): Candidate | undefined {
  const { ports, request } = attempt;
  const { address } = target;
  const [, reservationRef] = refsAround(request.network.space, address);
  const reservation = ports.foresight?.records?.get(reservationRef);
  const owner = request.wish.owner?.owner;
  if (isWithin(address, reserved)) return undefined;
  const likely =
    reservation === undefined
      ? owner === undefined || isWithout(address, owner, rememberedOwner(attempt)?.record)
      : owner !== undefined && isOf(owner, ports, reservation.record);
  if (!likely) return undefined;
  return { ...unheldCandidate(target), ...(reservation && { reservation }) };
}

/** The owner's record, as an ADD of this process left it. */
export function rememberedOwner(attempt: Attempt): Versioned<OwnerRecord> | undefined {
  const ref = ownerRef(attempt);
  return ref && attempt.ports.foresight?.records?.get(ref);
}

/** Remembers the records of an owner's fixed addresses, as a transaction left them. */
export function learnNamed(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
  { puts }: Transaction,
  outcome: Won,
): void {
  const { ports, request } = attempt;
  const records = ports.foresight?.records;
  const owner = ownerRef(attempt);
  // A reservation that ends with its DEL is gone at the next ADD.
  if (records === undefined || owner === undefined || request.wish.retain === "delete") return;
  if (view.owner !== undefined) records.set(owner, view.owner);
  for (const { address, origin, reservation } of candidates) {
    const [, ref] = refsAround(request.network.space, address);
    if (origin === "fixed" && reservation !== undefined) records.set(ref, reservation);
  }
  for (const put of puts) {
    if (put.ref.kind !== "owner" && put.ref.kind !== "reservation") continue;
    records.set<Ref>(put.ref, { record: put.record, revision: revisionIn(outcome, put.ref) });
  }
}

function isOf(owner: Owner, { clusterNames }: Ports, reservation: ReservationRecord): boolean {
  return sameOwner(reservation.owner, owner) && isOwnCluster(reservation.cluster, clusterNames);
}

function isWithout(address: Address, owner: Owner, record: OwnerRecord | undefined): boolean {
  if (record === undefined || !sameOwner(record.owner, owner)) return false;
  return !record.addresses.includes(formatAddress(address));
}
