import { isDeepStrictEqual } from "node:util";
import { parseAddress } from "../address/address.ts";
import { IMPORTED } from "../ipam/free/adopt.ts";
import { describeOwner } from "../ipam/in-words.ts";
import type { Holder, NetworkRecord, RecordTypes, Ref } from "../ipam/records.ts";
import { refTo } from "../ipam/ref-to.ts";
import { holdsForOwner } from "../ipam/reserve/reservation-request.ts";
import { reservedRangesAt } from "../ipam/reserve/reserved-ranges.ts";
import type { CallOptions, Snapshot, Store, Versioned } from "../ipam/store-port.ts";
import { fromPortable, nameOf, type PortableKind, type PortableRecord } from "./document.ts";

/** What an import would write. */
export interface ImportPlan {
  readonly missing: readonly PortableRecord[];
  /** How many the store has already, with equal content. */
  readonly same: number;
  /** One line each, for people. If there is any, nothing must be written. */
  readonly conflicts: readonly string[];
}

/** Four records are read for each, well within the 128 of one read. */
const PER_READ = 24;

/**
 * Compares records with what a store holds. A conflict is a record that exists with different content, or an
 * address that is held by or reserved for somebody else in this store.
 *
 * @throws StoreFailure
 */
export async function planImport(
  records: readonly PortableRecord[],
  store: Store,
  options: CallOptions,
): Promise<ImportPlan> {
  const brought = new Set(records.map(({ ref }) => nameOf(ref)));
  const missing: PortableRecord[] = [];
  const conflicts: string[] = [];
  for (let start = 0; start < records.length; start += PER_READ) {
    const part = records.slice(start, start + PER_READ);
    const refs = uniqueRefs(part.flatMap(refsAround));
    const snapshot = await store.read({ refs }, options);
    for (const item of part) {
      const present = snapshot.get(fromPortable(item.ref)) as Versioned<unknown> | undefined;
      if (present !== undefined) {
        if (!saysTheSame(item, present.record))
          conflicts.push(`the ${nameOf(item.ref)} exists with different content`);
        continue;
      }
      const conflict = strangerAt(item, snapshot, brought);
      if (conflict === undefined) missing.push(item);
      else conflicts.push(conflict);
    }
  }
  return { missing, conflicts, same: records.length - missing.length - conflicts.length };
}

type PortableRefs = Extract<Ref, { kind: PortableKind }>;

/** The record itself, and for an address what else is known of it. */
function refsAround({ ref }: PortableRecord): PortableRefs[] {
  const own = fromPortable(ref);
  if (!("address" in own)) return [own];
  const { space, address } = own;
  return [refTo.allocation(space, address), refTo.reservation(space, address), refTo.reservedRanges(space)];
}

function uniqueRefs(refs: readonly PortableRefs[]): PortableRefs[] {
  const text = (ref: PortableRefs) =>
    JSON.stringify(ref, (_, value) => (typeof value === "bigint" ? String(value) : value));
  return [...new Map(refs.map((ref) => [text(ref), ref])).values()];
}

/** Times are for people, and a network's detail is what drifts; neither makes a difference. */
function saysTheSame({ ref, record }: PortableRecord, present: unknown): boolean {
  if (ref.kind !== "network") return isDeepStrictEqual(withoutTime(record), withoutTime(present));
  const [a, b] = [record, present] as [NetworkRecord, NetworkRecord];
  return a.space === b.space && isDeepStrictEqual(a.subnets, b.subnets);
}

/** Nor what a node learnt meanwhile of an attachment that was imported before. */
function withoutTime(record: unknown): unknown {
  return JSON.parse(
    JSON.stringify(record, (key, value) => (key === "since" ? undefined : asImported(value))),
  );
}

function asImported(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("requestId" in value)) return value;
  if (!String(value.requestId).startsWith(IMPORTED)) return value;
  const { bootId: _, namespace: __, ...holder } = value as Holder;
  return holder;
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
    if (foreign && !holders.every((holder) => holdsForOwner(holder, reservation.owner)))
      return `${text} is already reserved for ${describeOwner(reservation.owner)}`;
  }
  if (
    ref.kind === "reservation" &&
    allocation !== undefined &&
    !brought.has(nameOf({ ...ref, kind: "allocation" }))
  ) {
    const { owner } = record as RecordTypes["reservation"];
    const other = allocation.holders.find((holder) => !holdsForOwner(holder, owner));
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
