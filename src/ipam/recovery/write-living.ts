import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { allocationRefs, free } from "../free/free.ts";
import { describeAttachment, describeHolderFully } from "../in-words.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { untilWon } from "../integrity/until-won.ts";
import { isEvidence, type LivingAttachment } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import {
  type AllocationRecord,
  type AttachmentRecord,
  type Holder,
  RECORD_VERSION,
  type RecoveryConflict,
  type Ref,
} from "../records.ts";
import { refTo } from "../ref-to.ts";
import { sameHolder } from "../same.ts";
import type { CallOptions, Guard, Put, Snapshot } from "../store-port.ts";
import { reserveAgain } from "./reserve-again.ts";

/**
 * The result of writing an attachment: done, nothing to do, freed by somebody else who said so
 * (`ReleasedRecord`), or the addresses that others hold.
 */
export type Written = "written" | "there already" | "freed" | readonly RecoveryConflict[];

/**
 * Writes what a living attachment of this node holds, as its ADD did: all of it or nothing (ONE-STEP),
 * guarded by the revisions that were read (GUARDED). Never overwrites another holder: such addresses
 * come back as conflicts, and nothing is written.
 *
 * @throws StoreFailure, IpamError tryAgain when the records kept changing.
 */
export function writeLiving(living: LivingAttachment, ports: Ports, options: CallOptions): Promise<Written> {
  const { record } = living;
  const { attachment: id, node } = record.holder;
  const ref = refTo.attachment(node, id);
  const notice = refTo.released(node, id);
  return untilWon(`write ${describeAttachment(id)}`, async () => {
    const snapshot = await ports.store.read({ refs: [refTo.meta, notice, ref, ...refsOf(record)] }, options);
    if (snapshot.get(notice)?.record.requestId === record.holder.requestId) return "freed";
    const entry = snapshot.get(ref);
    if (entry !== undefined) refuseNewer(entry.record.version, `the record of ${describeAttachment(id)}`);
    if (entry !== undefined && ports.node.relationTo(entry.record.holder) === "other")
      return record.addresses.map((text) => conflict(record, text, entry.record.holder));
    if (entry !== undefined && !sameAddresses(entry.record, record)) {
      // An earlier life of the same attachment, from before the backup was made.
      await free({ node, id, requestId: entry.record.holder.requestId }, 0, ports, options);
      return undefined;
    }
    const conflicts = conflictsOf(record, snapshot, ports);
    if (conflicts.length > 0) return conflicts;
    const writes = await holdAgain(living, snapshot, ports, options);
    if (
      entry !== undefined &&
      entry.record.holder.requestId === record.holder.requestId &&
      writes.puts.length === 0
    )
      return "there already";
    const outcome = await ports.store.commit(
      {
        guards: [...[refTo.meta, notice, ref].map((each) => guardOf(each, snapshot)), ...writes.guards],
        puts: [{ ref, record }, ...writes.puts],
        deletes: writes.deletes,
      },
      options,
    );
    return outcome.won ? "written" : undefined;
  });
}

interface Writes {
  readonly guards: Guard[];
  readonly puts: Put[];
  readonly deletes: Ref[];
}

/** The writes of missing allocations and reservations. They replace a record made from a pod's status alone. */
async function holdAgain(
  { record, reservedFor }: LivingAttachment,
  snapshot: Snapshot,
  ports: Ports,
  options: CallOptions,
): Promise<Writes> {
  const writes: Writes = { guards: [], puts: [], deletes: [] };
  for (const ref of allocationRefs(record)) {
    const allocation = snapshot.get(ref);
    writes.guards.push(guardOf(ref, snapshot));
    const cooling = refTo.cooling(ref.space, ref.address);
    if (snapshot.get(cooling) !== undefined) writes.deletes.push(cooling);
    if (allocation?.record.holders.some((holder) => isSame(holder, record.holder, ports))) continue;
    writes.puts.push({ ref, record: allocationOf(record, reservedFor?.addresses, ref.address) });
    for (const { node, attachment: id } of allocation?.record.holders.filter(isEvidence) ?? [])
      writes.deletes.push(refTo.attachment(node, id));
  }
  if (reservedFor === undefined) return writes;
  const again = await reserveAgain(record.space, reservedFor, ports, options);
  return { ...writes, guards: [...writes.guards, ...again.guards], puts: [...writes.puts, ...again.puts] };
}

function allocationOf(
  { origin, holder }: AttachmentRecord,
  lasting: readonly string[] | undefined,
  address: Address,
): AllocationRecord {
  const dynamic = lasting !== undefined && !lasting.includes(formatAddress(address));
  return {
    version: RECORD_VERSION,
    holders: [holder],
    origin: dynamic ? "dynamic" : origin,
    since: new Date().toISOString(),
  };
}

function refsOf(record: AttachmentRecord): Ref[] {
  return allocationRefs(record).flatMap((ref): Ref[] => [ref, refTo.cooling(ref.space, ref.address)]);
}

function conflictsOf(
  record: AttachmentRecord,
  snapshot: Snapshot,
  ports: Pick<Ports, "node">,
): RecoveryConflict[] {
  const { space, addresses, holder } = record;
  return addresses.flatMap((text) => {
    const found = snapshot.get(refTo.allocation(space, parseAddress(text)))?.record;
    const holders = found?.holders ?? [];
    if (holders.some((other) => isSame(other, holder, ports))) return [];
    const other = holders.find((each) => !(isEvidence(each) && each.node === holder.node));
    return other === undefined ? [] : [conflict(record, text, other)];
  });
}

function conflict(
  { space, holder: { attachment, pod } }: AttachmentRecord,
  address: string,
  other: Holder,
): RecoveryConflict {
  return { space, address, attachment, ...(pod && { pod }), heldBy: describeHolderFully(other) };
}

/** Whether a holder in the store is the own one. Another machine of this node's name may have a container of its name. */
function isSame(other: Holder, own: Holder, { node }: Pick<Ports, "node">): boolean {
  return sameHolder(other, own) && node.relationTo(other) !== "other";
}

function sameAddresses(a: AttachmentRecord, b: AttachmentRecord): boolean {
  return a.space === b.space && [...a.addresses].sort().join() === [...b.addresses].sort().join();
}

function guardOf(ref: Ref, snapshot: Snapshot): Guard {
  return { ref, revision: snapshot.get(ref)?.revision ?? 0 };
}
