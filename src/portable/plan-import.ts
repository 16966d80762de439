import { parseAddress } from "../address/address.ts";
import type { PortableKind } from "../ipam/carried-kinds.ts";
import { joinDefinitions } from "../ipam/commit/learn-definition.ts";
import { describeOwner } from "../ipam/in-words.ts";
import type { AttachmentRecord, NetworkRecord, RecordTypes, Ref } from "../ipam/records.ts";
import { refKey } from "../ipam/ref-key.ts";
import { refTo } from "../ipam/ref-to.ts";
import { holdsForOwner } from "../ipam/reserve/reservation-request.ts";
import { reservedRangesAt } from "../ipam/reserve/reserved-ranges.ts";
import type { CallOptions, Snapshot, Store, Versioned } from "../ipam/store-port.ts";
import { fromPortable, nameOf, type PortableRecord } from "./document.ts";
import { eachOnce } from "./each-once.ts";
import { extendAttachment, type ToWrite, withKnownHolders } from "./extend-attachment.ts";
import { isHeldAlready, saysTheSame } from "./says-the-same.ts";

/** What an import would write. */
export interface ImportPlan {
  readonly missing: readonly ToWrite[];
  /** How many the store has already, with equal content. */
  readonly same: number;
  /** One line each, for people. If there is any, nothing must be written. */
  readonly conflicts: readonly string[];
}

/** References of one read: the last record may bring three more, well within the 128 of one read. */
const PER_READ = 96;

/** An attachment comes in one transaction with its allocations, well within its 128. */
const MOST_ADDRESSES = 100;

/**
 * Compares records with each other and with what a store holds. A conflict is a record that exists, or is imported
 * twice, with different content, or an address that is held by or reserved for somebody else in this store. An address
 * of another plugin that the store holds already for the same container or pod stays as it is, and an attachment that
 * an earlier import brought gets the addresses that it lacks.
 *
 * @throws StoreFailure
 */
export async function planImport(
  all: readonly PortableRecord[],
  store: Store,
  options: CallOptions,
): Promise<ImportPlan> {
  const { records, conflicts: contradictions } = eachOnce(all);
  const brought = new Set(records.map(({ ref }) => nameOf(ref)));
  const missing: ToWrite[] = [];
  const conflicts = [...contradictions];
  /** Addresses that the store holds already, by the allocation's name. */
  const held = new Set<string>();
  const take = (item: PortableRecord, snapshot: Snapshot) => {
    const present = snapshot.get(fromPortable(item.ref)) as Versioned<unknown> | undefined;
    if (present === undefined) {
      const conflict = strangerAt(item, snapshot, brought) ?? tooLarge(item);
      if (conflict === undefined) missing.push(item);
      else conflicts.push(conflict);
    } else if (!saysTheSame(item, present.record)) {
      if (item.ref.kind === "network") {
        missing.push(joinedWith(item, present as Versioned<NetworkRecord>));
        return;
      }
      const extended = item.ref.kind === "attachment" ? extendedBy(item, present) : undefined;
      if (isHeldAlready(item, present.record as RecordTypes["allocation"])) held.add(nameOf(item.ref));
      else if (extended === undefined)
        conflicts.push(`the ${nameOf(item.ref)} exists with different content`);
      else if (extended !== "held") missing.push({ ...item, ...extended });
    }
  };
  const [attachments, others] = partition(records, ({ ref }) => ref.kind === "attachment");
  await readAround(others, store, options, take);
  // What is held already needs no second attachment.
  const lacking = attachments.flatMap((item) => withoutHeld(item, held) ?? []);
  await readAround(lacking, store, options, take);
  const found = conflicts.length - contradictions.length;
  return { missing: withKnownHolders(missing), conflicts, same: records.length - missing.length - found };
}

function joinedWith(
  { ref, record }: PortableRecord,
  { record: present, revision }: Versioned<NetworkRecord>,
): ToWrite {
  return { ref, record: joinDefinitions(present, record as NetworkRecord) ?? present, over: revision };
}

function extendedBy({ record }: PortableRecord, present: Versioned<unknown>) {
  return extendAttachment(record as AttachmentRecord, present as Versioned<AttachmentRecord>);
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

async function readAround(
  records: readonly PortableRecord[],
  store: Store,
  options: CallOptions,
  take: (item: PortableRecord, snapshot: Snapshot) => void,
): Promise<void> {
  let part: PortableRecord[] = [];
  let refs = new Map<string, PortableRefs>();
  const look = async () => {
    const snapshot = await store.read({ refs: [...refs.values()] }, options);
    for (const item of part) take(item, snapshot);
    part = [];
    refs = new Map();
  };
  for (const item of records) {
    part.push(item);
    for (const ref of refsAround(item)) refs.set(refKey(ref), ref);
    if (refs.size >= PER_READ) await look();
  }
  if (part.length > 0) await look();
}

/** The attachment with the addresses that nobody holds yet; undefined where none is left. */
function withoutHeld(item: PortableRecord, held: ReadonlySet<string>): PortableRecord | undefined {
  if (held.size === 0) return item;
  const record = item.record as RecordTypes["attachment"];
  const isLeft = record.addresses.map(
    (address) => !held.has(nameOf({ kind: "allocation", space: record.space, address })),
  );
  if (!isLeft.includes(false)) return item;
  if (!isLeft.includes(true)) return undefined;
  const left = <T>(values: readonly T[]) => values.filter((_, index) => isLeft[index]);
  const { addresses, gateways, prefixes } = record;
  return {
    ...item,
    record: { ...record, addresses: left(addresses), gateways: left(gateways), prefixes: left(prefixes) },
  };
}

/** What cannot be written in one transaction would stop the import in its midst. */
function tooLarge({ ref, record }: PortableRecord): string | undefined {
  if (ref.kind !== "attachment") return undefined;
  const { addresses } = record as RecordTypes["attachment"];
  if (addresses.length <= MOST_ADDRESSES) return undefined;
  return `the ${nameOf(ref)} has ${addresses.length} addresses, and one transaction takes ${MOST_ADDRESSES}`;
}

type PortableRefs = Extract<Ref, { kind: PortableKind }>;

/** The record itself, and for an address what else is known of it. */
function refsAround({ ref }: PortableRecord): PortableRefs[] {
  const own = fromPortable(ref);
  if (!("address" in own)) return [own];
  const { space, address } = own;
  return [refTo.allocation(space, address), refTo.reservation(space, address), refTo.reservedRanges(space)];
}

/** Who has, or will have, the address here without being part of the import. */
function strangerAt(
  { ref, record }: PortableRecord,
  snapshot: Snapshot,
  brought: ReadonlySet<string>,
): string | undefined {
  if (ref.kind !== "allocation" && ref.kind !== "reservation") return undefined;
  const address = parseAddress(ref.address);
  const at = { space: ref.space, address };
  const text = `address ${ref.address} in space ${ref.space}`;
  const reservation = snapshot.get(refTo.reservation(ref.space, address))?.record;
  const allocation = snapshot.get(refTo.allocation(ref.space, address))?.record;
  if (ref.kind === "allocation") {
    const foreign = reservation !== undefined && !brought.has(nameOf({ ...ref, kind: "reservation" }));
    const { holders } = record as RecordTypes["allocation"];
    if (foreign && !holders.every((holder) => holdsForOwner(holder, reservation.owner, {})))
      return `${text} is already reserved for ${describeOwner(reservation.owner)}`;
  }
  if (
    ref.kind === "reservation" &&
    allocation !== undefined &&
    !brought.has(nameOf({ ...ref, kind: "allocation" }))
  ) {
    const { owner } = record as RecordTypes["reservation"];
    const other = allocation.holders.find((holder) => !holdsForOwner(holder, owner, {}));
    if (other !== undefined)
      return `${text} is already held by container ${other.attachment.container} on node ${other.node}`;
  }
  return inReservedRange(at, snapshot, text, brought);
}

function inReservedRange(
  { space, address }: { readonly space: string; readonly address: ReturnType<typeof parseAddress> },
  snapshot: Snapshot,
  text: string,
  brought: ReadonlySet<string>,
): string | undefined {
  if (brought.has(nameOf(refTo.reservedRanges(space)))) return undefined;
  const [range] = reservedRangesAt(snapshot.get(refTo.reservedRanges(space))?.record, address);
  return (
    range &&
    `${text} is in the range ${range.first}-${range.last}, already reserved for ${describeOwner(range.reservation.owner)}`
  );
}
