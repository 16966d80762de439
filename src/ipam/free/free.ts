import { parseAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { describeAttachment, describeMove } from "../in-words.ts";
import { recallStore } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { verifyByCommit, verifyForRelease } from "../integrity/one-store.ts";
import { OUT_OF_MOVE } from "../integrity/ways-out.ts";
import type { Ports } from "../ports.ts";
import {
  type AllocationRecord,
  type AttachmentId,
  type AttachmentRecord,
  type Holder,
  RECORD_VERSION,
  type Ref,
  type RefOf,
} from "../records.ts";
import { refTo } from "../ref-to.ts";
import { withReservations } from "../reserve/ending-reservations.ts";
import { sameAttachment } from "../same.ts";
import {
  type CallOptions,
  type Guard,
  type Put,
  type Snapshot,
  StoreFailure,
  type Transaction,
  type Versioned,
} from "../store-port.ts";
import { forestallFormer } from "./forestall-former.ts";
import { withNotice } from "./notice.ts";

/** The attachment to free. */
export interface FreeTarget {
  readonly node: string;
  readonly id: AttachmentId;
  /** Free only what this request wrote (ONLY-MINE). Without it, free whatever the attachment holds. */
  readonly requestId?: string;
  /** What it holds by the node's journal: saves a round trip where the journal is right. */
  readonly expected?: { readonly space: string; readonly addresses: readonly string[] };
  /** The caller has not the attachment's lock: who looks meanwhile, on this machine too, needs a notice. */
  readonly unlocked?: true;
}

const ATTEMPTS = 16;

/**
 * Frees everything that one attachment holds, in one transaction (ONE-STEP), guarded by the revisions
 * that were read (ONLY-MINE). Leaves an address alone whose record names another holder.
 *
 * @returns the freed record, or undefined when there was nothing (left) to free.
 * @throws StoreFailure when the store could not be reached or refused: then it is not known whether
 *   anything was freed; IpamError storeCannotWrite, tryAgain.
 */
export async function free(
  target: FreeTarget,
  coolingSeconds: number,
  ports: Ports,
  options: CallOptions,
): Promise<AttachmentRecord | undefined> {
  let deletesOnly = false;
  let forestalled = false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const held = await readHeld(target, ports, options);
    if (held === undefined) {
      if (forestalled || !(await forestallFormer(target.id, ports, options, target.requestId)))
        return undefined;
      forestalled = true;
      continue;
    }
    const { entry, allocations, snapshot } = held;
    const freed = freeing(target, entry, allocations, deletesOnly ? 0 : coolingSeconds);
    const { connection } = snapshot;
    const noticed = isOwnDel(target, entry.record, ports)
      ? freed
      : withNotice(freed, entry.record, ports, target.unlocked !== true);
    const transaction = deletesOnly ? noticed : await withReservations(noticed, entry.record, ports, options);
    try {
      const over = connection === undefined ? {} : { connection };
      const outcome = await ports.store.commit({ ...transaction, ...over }, options);
      if (!outcome.won) continue;
      tellNearby(entry.record, deletesOnly ? 0 : coolingSeconds, ports);
      verifyByCommit(held.snapshot, outcome, held.verify);
      return entry.record;
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure;
      // Neither cooling nor a reservation's end blocks a release: a full store may still take deletes. A
      // notice does: the holder's node would stop all nodes without it.
      if (failure.kind === "no-space" && !deletesOnly) deletesOnly = true;
      else if (failure.kind !== "unknown-outcome") throw failure;
    }
  }
  throw new IpamError(
    "tryAgain",
    `could not free ${describeAttachment(target.id)}: its record kept changing`,
    "another process is changing the same attachment; try again",
  );
}

/**
 * The guards and writes that free an attachment's addresses, for the caller's transaction.
 *
 * @throws IpamError storeCannotWrite where a newer program wrote one of the records.
 */
export function freeing(
  target: FreeTarget,
  entry: Versioned<AttachmentRecord>,
  allocations: Snapshot,
  coolingSeconds: number,
): Transaction {
  const entryRef: Ref = refTo.attachment(target.node, target.id);
  const guards: Guard[] = [{ ref: entryRef, revision: entry.revision }];
  const puts: Put[] = [];
  const deletes: Ref[] = [entryRef];
  for (const ref of allocationRefs(entry.record)) {
    const allocation = allocations.get(ref);
    if (allocation === undefined || !holds(allocation.record, target.id)) continue;
    refuseNewer(allocation.record.version, `the allocation of ${describeAttachment(target.id)}`);
    guards.push({ ref, revision: allocation.revision });
    const remaining = allocation.record.holders.filter(
      (holder) => !sameAttachment(holder.attachment, target.id),
    );
    if (remaining.length > 0) puts.push({ ref, record: { ...allocation.record, holders: remaining } });
    else {
      deletes.push(ref);
      if (coolingSeconds > 0 && allocation.record.origin === "dynamic") {
        puts.push({
          ref: refTo.cooling(ref.space, ref.address),
          record: { version: RECORD_VERSION },
          seconds: coolingSeconds,
        });
      }
    }
  }
  return { guards, puts, deletes };
}

/** What this node gave back it takes again, once it has cooled down. */
function tellNearby(
  { space, addresses, origin }: AttachmentRecord,
  seconds: number,
  { foresight }: Ports,
): void {
  if (origin === "dynamic") foresight?.neighbourhoods?.freed(space, addresses, seconds);
}

/** Whoever judged a record names the request that wrote it; a DEL, and a repeated ADD, do not. */
function isOwnDel(
  { expected, requestId }: FreeTarget,
  { holder }: AttachmentRecord,
  { node }: Ports,
): boolean {
  return expected !== undefined || (requestId === undefined && node.relationTo(holder) === "this");
}

/** References to the allocations of an attachment's addresses. */
export function allocationRefs(entry: NamedAllocations): RefOf<"allocation">[] {
  return entry.addresses.map((text) => ({
    kind: "allocation",
    space: entry.space,
    address: parseAddress(text),
  }));
}

/** Reads the allocations of an attachment's addresses. @throws StoreFailure. */
export function readAllocations(
  entry: NamedAllocations,
  ports: Ports,
  options: CallOptions,
): Promise<Snapshot> {
  return ports.store.read({ refs: allocationRefs(entry) }, options);
}

interface Held {
  readonly entry: Versioned<AttachmentRecord>;
  readonly allocations: Snapshot;
  /** With the store's identity. */
  readonly snapshot: Snapshot;
  /** ONE-STORE by a snapshot of this read. */
  readonly verify: (snapshot: Snapshot) => void;
}

async function readHeld(target: FreeTarget, ports: Ports, options: CallOptions): Promise<Held | undefined> {
  const { expected } = target;
  const guess = expected === undefined ? [] : allocationRefs(expected);
  const ref = refTo.attachment(target.node, target.id, guess[0]);
  const remembered = expected && recallStore(expected.space, ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ref, ...guess] }, options);
  requireNotMoved(snapshot);
  const verify = (shown: Snapshot) => {
    if (expected !== undefined) verifyForRelease(shown, remembered, expected.space, ports);
  };
  verify(snapshot);
  const entry = snapshot.get(ref);
  if (entry === undefined) return undefined;
  if (target.requestId !== undefined && entry.record.holder.requestId !== target.requestId) return undefined;
  refuseNewer(entry.record.version, `the record of ${describeAttachment(target.id)}`);
  const guessed = expected !== undefined && namesSame(expected, entry.record);
  const allocations = guessed ? snapshot : await readAllocations(entry.record, ports, options);
  return { entry, allocations, snapshot, verify };
}

/** What is freed in a store that was moved away stays held where its address spaces live: the release waits for that one. */
function requireNotMoved(snapshot: Snapshot): void {
  const meta = snapshot.get(refTo.meta)?.record;
  if (meta?.state === "moved") throw new StoreFailure("unavailable", describeMove(meta), OUT_OF_MOVE);
}

/** Addresses of one space: an attachment's record, or its journal entry. */
export type NamedAllocations = Pick<AttachmentRecord, "space" | "addresses">;

function namesSame(a: NamedAllocations, b: NamedAllocations): boolean {
  return a.space === b.space && a.addresses.join() === b.addresses.join();
}

function holds(allocation: AllocationRecord, id: AttachmentId): boolean {
  return allocation.holders.some((holder: Holder) => sameAttachment(holder.attachment, id));
}
