import { type Address, formatAddress } from "../../address/address.ts";
import { clusterOfRecords } from "../cluster-names.ts";
import { isOutdated } from "../cluster-relation.ts";
import { freeing } from "../free/free.ts";
import { withNotice } from "../free/notice.ts";
import { type Identity, newIdentity } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import type { Ports } from "../ports.ts";
import {
  type AllocationRecord,
  type AttachmentRecord,
  type Holder,
  type Owner,
  type OwnerRecord,
  RECORD_VERSION,
  type Ref,
  type ReservationRecord,
} from "../records.ts";
import { refTo } from "../ref-to.ts";
import { disowning, refuseNewerOwner, withoutAddresses } from "../reserve/ending-reservations.ts";
import { sameAttachment, sameOwner } from "../same.ts";
import type { Guard, Put, Transaction, Versioned } from "../store-port.ts";
import { type Attempt, holderOf } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { ownerRef, ownRef, reservedRangesRef, type View } from "../view/view.ts";
import type { Superseded } from "./end-former.ts";
import { ownerRecordWith } from "./owner-record.ts";

/** The transaction of an ADD, the attachment's record in it, and the store's identity. */
export interface Allocating {
  readonly transaction: Transaction;
  readonly record: AttachmentRecord;
  readonly store: Identity;
}

/**
 * Builds the one transaction of an ADD (ONE-STEP): all addresses, the attachment's record, reservations,
 * the owner's record, and what it replaces, under all guards that GUARDED demands.
 *
 * @throws IpamError storeCannotWrite where a newer program wrote one of the records.
 */
export function allocating(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
  ended: Superseded,
): Allocating {
  requireDistinct(candidates);
  const holder = holderOf(attempt);
  const record = attachmentRecord(attempt, candidates, holder);
  const writes = new Writes();
  const store = guardIdentity(view, writes);
  writes.replace(ownRef(attempt), view.own?.revision ?? 0, record);
  writes.guard(reservedRangesRef(attempt), view.reservedRanges?.revision ?? 0);
  for (const candidate of candidates) allocate(attempt, candidate, holder, writes);
  writes.add(ended);
  reserve(attempt, view, candidates, ended, writes);
  evict(candidates, attempt.ports, writes);
  // A known view nearly always wins, and `otherwise` costs a tenth of the ADD.
  const otherwise = view.foreseen === "known" ? {} : { otherwise: view.questions.query };
  const { connection } = view.snapshot;
  const over = connection === undefined ? {} : { connection };
  return { transaction: { ...writes.done(), ...otherwise, ...over }, record, store };
}

/**
 * One address chosen twice is a mistake of this program: some stores would accept it, and the result
 * would list it twice.
 */
function requireDistinct(candidates: readonly Candidate[]): void {
  const distinct = new Set(candidates.map(({ address }) => formatAddress(address)));
  if (distinct.size < candidates.length) throw new Error("an ADD picked one address twice");
}

/** Collects a transaction. */
class Writes {
  readonly #guards: Guard[] = [];
  readonly #puts: Put[] = [];
  readonly #deletes: Ref[] = [];

  guard(ref: Ref, revision: number): void {
    this.#guards.push({ ref, revision });
  }
  replace<P extends Put>(ref: P["ref"], revision: number, record: P["record"]): void {
    this.guard(ref, revision);
    this.#puts.push({ ref, record } as Put);
  }
  remove(ref: Ref, revision: number): void {
    this.guard(ref, revision);
    this.#deletes.push(ref);
  }
  add(transaction: Pick<Transaction, "guards" | "puts" | "deletes">): void {
    this.#guards.push(...transaction.guards);
    this.#puts.push(...transaction.puts);
    this.#deletes.push(...transaction.deletes);
  }
  done(): Transaction {
    return { guards: this.#guards, puts: this.#puts, deletes: this.#deletes };
  }
}

function guardIdentity(view: View, writes: Writes): Identity {
  if (view.meta !== undefined) {
    writes.guard(refTo.meta, view.meta.revision);
    return view.meta.record;
  }
  const identity = newIdentity();
  writes.replace(refTo.meta, 0, identity);
  return identity;
}

function attachmentRecord(
  attempt: Attempt,
  candidates: readonly Candidate[],
  holder: Holder,
): AttachmentRecord {
  return {
    version: RECORD_VERSION,
    space: attempt.request.network.space,
    addresses: candidates.map(({ address }) => formatAddress(address)),
    prefixes: candidates.map(({ prefix }) => prefix),
    gateways: candidates.map(({ gateway }) => (gateway ? formatAddress(gateway) : null)),
    origin: strongestOrigin(candidates),
    ...(attempt.request.wish.retain === "delete" && { endsReservations: true }),
    holder,
  };
}

function strongestOrigin(candidates: readonly Candidate[]): AttachmentRecord["origin"] {
  const origins = candidates.map(({ origin }) => origin);
  return origins.includes("fixed") ? "fixed" : origins.includes("sticky") ? "sticky" : "dynamic";
}

function allocate(attempt: Attempt, candidate: Candidate, holder: Holder, writes: Writes): void {
  const { space } = attempt.request.network;
  const { address } = candidate;
  const record: AllocationRecord = {
    version: RECORD_VERSION,
    holders: [...candidate.staying, holder],
    origin: candidate.origin,
    since: new Date().toISOString(),
  };
  writes.replace(refTo.allocation(space, address), candidate.allocation?.revision ?? 0, record);
  writes.guard(refTo.reservation(space, address), candidate.reservation?.revision ?? 0);
  if (candidate.coolingRevision > 0) writes.remove(refTo.cooling(space, address), candidate.coolingRevision);
  else writes.guard(refTo.cooling(space, address), 0);
}

/**
 * A fixed or sticky ADD of a pod also reserves its addresses for the pod's owner (docs/design.md section 5).
 */
function reserve(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
  ended: Superseded,
  writes: Writes,
): void {
  const owner = attempt.request.wish.owner?.owner;
  const ref = ownerRef(attempt);
  const lasting = candidates.filter(
    (candidate) => candidate.origin !== "dynamic" && mayReserve(attempt, candidate),
  );
  if (owner === undefined || ref === undefined || lasting.length === 0) {
    endOnly(ended, writes);
    return;
  }
  for (const candidate of lasting) {
    const record = reservationRecord(attempt, candidate);
    if (record !== undefined) writes.add(putReservation(attempt, candidate.address, record));
  }
  disown(attempt, lasting, writes);
  const current = view.owner?.record;
  if (current !== undefined) refuseNewerOwner(current);
  const next = ownerRecordWith(
    attempt.request,
    current && withoutAddresses(current, ended.gone),
    lasting.map(({ address }) => formatAddress(address)),
  );
  const revision = view.owner?.revision ?? 0;
  if (JSON.stringify(next) !== JSON.stringify(current)) writes.replace(ref, revision, next);
  // What is only remembered may have become another pod's place since: then it would end with that pod.
  else if (view.foreseen !== undefined) writes.guard(ref, revision);
}

/** The owner's record of an ADD that reserves nothing, and ends what was reserved before. */
function endOnly({ owner, gone }: Superseded, writes: Writes): void {
  if (owner === undefined || gone.length === 0) return;
  const { ref, record, revision } = owner;
  writes.add({ guards: [{ ref, revision }], ...disowning(ref, record, gone) });
}

/** Removes addresses whose reservations pass on from their previous owners' records. */
function disown(attempt: Attempt, candidates: readonly Candidate[], writes: Writes): void {
  const { space } = attempt.request.network;
  const own = attempt.request.wish.owner?.owner;
  const losing = new Map<string, Versioned<OwnerRecord> & { readonly gone: readonly string[] }>();
  for (const { address, previousOwner } of candidates) {
    if (previousOwner === undefined || sameName(previousOwner.record.owner, own)) continue;
    refuseNewerOwner(previousOwner.record);
    const key = ownerName(previousOwner.record.owner);
    const { gone } = losing.get(key) ?? { gone: [] };
    losing.set(key, { ...previousOwner, gone: [...gone, formatAddress(address)] });
  }
  for (const { record, revision, gone } of losing.values()) {
    const ref = refTo.owner(space, record.owner);
    writes.add({ guards: [{ ref, revision }], ...disowning(ref, record, gone) });
  }
}

/** A workload that was created again under its name finds the old one's record, and takes it over. */
function sameName(a: Owner, b: Owner | undefined): boolean {
  return b !== undefined && ownerName(a) === ownerName(b);
}

function ownerName({ kind, namespace, name }: Owner): string {
  return `${kind}/${namespace}/${name}`;
}

function putReservation(attempt: Attempt, address: Address, record: ReservationRecord): Transaction {
  const ref = refTo.reservation(attempt.request.network.space, address);
  return { guards: [], puts: [{ ref, record }], deletes: [] };
}

/** A provisional owner never replaces an existing reservation. */
function mayReserve({ request }: Attempt, { reservation }: Candidate): boolean {
  return request.wish.owner?.provisional !== true || reservation === undefined;
}

/**
 * The reservation to write; undefined where an equal one, or an operator's, exists already. One under a
 * former name of this cluster is written again, so that every reader knows it.
 */
function reservationRecord(attempt: Attempt, candidate: Candidate): ReservationRecord | undefined {
  const { wish } = attempt.request;
  const owner = wish.owner?.owner;
  const present = candidate.reservation?.record;
  if (owner === undefined || present?.kind === "operator") return undefined;
  if (present !== undefined)
    refuseNewer(present.version, `the reservation of ${formatAddress(candidate.address)}`);
  const settled = present !== undefined && sameOwner(present.owner, owner) && present.retain === wish.retain;
  if (settled && !isOutdated(present.cluster, attempt.ports.clusterNames)) return undefined;
  return {
    version: RECORD_VERSION,
    owner,
    kind: "automatic",
    retain: wish.retain,
    ...clusterOfRecords(attempt.ports),
    since: new Date().toISOString(),
  };
}

/** In a hand-over, the old attachment loses its record and its other addresses too. */
function evict(candidates: readonly Candidate[], ports: Ports, writes: Writes): void {
  const taken = new Set(candidates.map(({ address }) => formatAddress(address)));
  const done: Holder[] = [];
  for (const { holder, entry, allocations } of candidates.flatMap(({ evictions }) => evictions)) {
    if (done.some(({ attachment }) => sameAttachment(attachment, holder.attachment))) continue;
    done.push(holder);
    const target = { node: holder.node, id: holder.attachment };
    if (entry === undefined) writes.guard(refTo.attachment(target.node, target.id), 0);
    else {
      const freed = withoutTaken(freeing(target, entry, allocations, 0), taken);
      writes.add(withNotice(freed, entry.record, ports, false));
    }
  }
}

/** The taken addresses are written by the ADD itself, under the revision that it judged. */
function withoutTaken(transaction: Transaction, taken: ReadonlySet<string>): Transaction {
  const kept = (ref: Ref) => ref.kind !== "allocation" || !taken.has(formatAddress(ref.address));
  return {
    guards: transaction.guards.filter(({ ref }) => kept(ref)),
    puts: transaction.puts.filter(({ ref }) => kept(ref)),
    deletes: transaction.deletes.filter(kept),
  };
}
