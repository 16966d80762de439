import { tryParseAddress } from "../../address/address.ts";
import { sortableText } from "../../address/sortable.ts";
import { MOVED_KINDS, type MovedKind } from "../carried-kinds.ts";
import type { AttachmentRecord, RecordTypes, Ref, RefOf } from "../records.ts";
import { refKey } from "../ref-key.ts";
import type { CallOptions, Store } from "../store-port.ts";

/** A record that moves. */
export interface Moving {
  readonly ref: RefOf<MovedKind>;
  readonly record: RecordTypes[MovedKind];
}

/** Milliseconds for all records of a store. */
const LISTING_MS = 300_000;

/**
 * Lists all records that move, each kind by itself only where the store knows nothing cheaper.
 *
 * @param alone nobody else writes to the store: of a move's target.
 * @throws StoreFailure, also for a record that cannot be read: a move overlooks none.
 */
export async function* allRecords(
  { list, listTogether }: Pick<Store, "list" | "listTogether">,
  alone: boolean,
): AsyncIterable<Moving> {
  const options: CallOptions = { deadline: performance.now() + LISTING_MS };
  if (listTogether !== undefined) yield* listTogether(MOVED_KINDS, { ...options, alone });
  else for (const kind of MOVED_KINDS) yield* list<MovedKind>({ kind }, options);
}

/**
 * What is written together with a record: whatever concerns one address is one group, so that a store which keeps that
 * in one place writes it once. An attachment goes with its first address.
 */
export function groupOf({ record, ref }: Moving): string {
  if ("address" in ref) return groupOfAddress(ref.space, sortableText(ref.address));
  if (ref.kind !== "attachment") return refKey(ref);
  const { addresses, space } = record as AttachmentRecord;
  const first = tryParseAddress(addresses[0] ?? "");
  return first === undefined ? refKey(ref) : groupOfAddress(space, sortableText(first));
}

function groupOfAddress(space: string, address: string): string {
  return JSON.stringify([space, address]);
}

/** What is remembered of a record, to tell whether another store has the same. */
export interface Known {
  readonly ref: Ref;
  readonly group: string;
  readonly digest: bigint;
}

/** All that a store holds, by `refKey`. */
export type Picture = Map<string, Known>;

export function knownOf(moving: Moving): Known {
  return { ref: moving.ref, group: groupOf(moving), digest: digestOf(moving.record) };
}

export function digestOf(record: Moving["record"]): bigint {
  return Bun.hash.xxHash64(JSON.stringify(record));
}
