import { type Address, compareAddresses, parseAddress, tryParseAddress } from "../address/address.ts";
import { parseSortable, sortableText } from "../address/sortable.ts";
import { readPast } from "../ipam/integrity/read-past.ts";
import { isHeldIn, isReservedIn, type NamespaceOf } from "../ipam/of-namespace.ts";
import { refTo } from "../ipam/ref-to.ts";
import type { Entry, ListOptions, Store, StoreFailure } from "../ipam/store-port.ts";
import { type ItemQuery, matches, statesOf } from "./item-query.ts";
import { heldItems, type Item, rangeItem, reservationItem } from "./items.ts";
import { merge } from "./merge.ts";

/** Where an item stands in a listing: by address, then by address space, what is held before what is reserved. */
export interface Position {
  /** The address in sortable text. */
  readonly key: string;
  readonly space: string;
  readonly rank: 0 | 1 | 2;
}

/** An item and its place. An address that several hold gives several items at one place. */
export interface Placed {
  readonly at: Position;
  readonly item: Item;
}

/** How a listing is read. */
export interface Listing extends ListOptions {
  /** Only what belongs to this Kubernetes namespace of this cluster. */
  readonly of?: NamespaceOf | undefined;
  /** Only what comes after this place. */
  readonly after?: Position | undefined;
  /** Hears how many records were read so far. */
  readonly onRead?: ((count: number) => void) | undefined;
  /** Milliseconds that the caller has spent so far waiting for others, as for a pager: the deadline moves on by as much. */
  readonly waited?: (() => number) | undefined;
}

/** What a caller says of a listing. */
export interface Listened extends Pick<Listing, "after" | "onRead" | "waited"> {
  /** Hears of each record that cannot be read, and was passed over with a warning. */
  readonly onDamage?: (failure: StoreFailure) => void;
}

/**
 * Lists what is held or reserved, in the order of addresses, as the store yields it: a page of records of each kind is
 * in memory. Reads what is asked for: of one node its attachments, of a block its addresses.
 *
 * @throws StoreFailure
 */
export async function* listItems(store: Store, query: ItemQuery, given: Listing): AsyncGenerator<Placed> {
  const listing: Listing = {
    ...given,
    get deadline() {
      return given.deadline + (given.waited?.() ?? 0);
    },
  };
  let count = 0;
  const onRead = () => listing.onRead?.(++count);
  const reading = { store, query, listing, onRead };
  const sources = query.node === undefined ? await inAllSpaces(reading) : [onNode(query.node, reading)];
  for await (const placed of merge(sources, (a, b) => comparePositions(a.at, b.at)))
    if (matches(placed.item, query) && isAfter(placed.at, listing.after)) yield placed;
}

/** As `Array.sort` asks. IPv4, whose texts are the shorter ones, comes before IPv6. */
export function comparePositions(a: Position, b: Position): number {
  if (a.key.length !== b.key.length) return a.key.length - b.key.length;
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.space !== b.space) return a.space < b.space ? -1 : 1;
  return a.rank - b.rank;
}

interface Part {
  readonly from: Address;
  readonly to: Address;
}

/** A listing of both at once would go by the text of keys, where they interleave. */
const FAMILIES: readonly Part[] = [
  { from: { family: 4, value: 0n }, to: { family: 4, value: 2n ** 32n - 1n } },
  { from: { family: 6, value: 0n }, to: { family: 6, value: 2n ** 128n - 1n } },
];

interface Reading {
  readonly store: Store;
  readonly query: ItemQuery;
  readonly listing: Listing;
  readonly onRead: () => void;
}

async function inAllSpaces(reading: Reading): Promise<AsyncIterable<Placed>[]> {
  const { listing, query, store } = reading;
  const spaces = query.space === undefined ? await store.spaces(listing) : [query.space];
  const states = statesOf(query);
  return spaces.flatMap((space) => [
    ...(states.has("allocated") ? [allocations(space, reading)] : []),
    ...(states.has("reserved") ? [reservations(space, reading), ranges(space, reading)] : []),
  ]);
}

async function* allocations(
  space: string,
  { listing, onRead, query, store }: Reading,
): AsyncGenerator<Placed> {
  for (const part of partsOf(query, listing))
    for await (const entry of store.list({ kind: "allocation", space, ...part }, listing)) {
      onRead();
      yield* placedAllocation(entry, listing);
    }
}

function placedAllocation({ ref, record }: Omit<Entry<"allocation">, "revision">, { of }: Listing): Placed[] {
  const at = { key: sortableText(ref.address), space: ref.space, rank: 0 } as const;
  const holders = of === undefined ? record.holders : record.holders.filter((holder) => isHeldIn(of, holder));
  return heldItems(ref.space, ref.address, { ...record, holders }).map((item) => ({ at, item }));
}

async function* reservations(
  space: string,
  { listing, onRead, query, store }: Reading,
): AsyncGenerator<Placed> {
  const { of } = listing;
  for (const part of partsOf(query, listing))
    for await (const { ref, record } of store.list({ kind: "reservation", space, ...part }, listing)) {
      onRead();
      if (of !== undefined && !isReservedIn(of, record)) continue;
      const at = { key: sortableText(ref.address), space, rank: 1 } as const;
      yield { at, item: reservationItem(space, ref.address, record) };
    }
}

/** One record, however many ranges it has; a hand may have put them in another order. */
async function* ranges(space: string, { listing, store }: Reading): AsyncGenerator<Placed> {
  const { of } = listing;
  for await (const { record } of store.list({ kind: "reservedRanges", space }, listing)) {
    const own = record.ranges.filter(({ reservation }) => of === undefined || isReservedIn(of, reservation));
    yield* own
      .map((range): Placed => {
        const at = { key: sortableText(parseAddress(range.first)), space, rank: 2 } as const;
        return { at, item: rangeItem(space, range) };
      })
      .sort((a, b) => comparePositions(a.at, b.at));
  }
}

/** All of one node is in memory: as many as a node has interfaces. */
async function* onNode(node: string, { listing, onRead, query, store }: Reading): AsyncGenerator<Placed> {
  const refs = new Map<string, ReturnType<typeof refTo.allocation>>();
  const scope = {
    kind: "attachment",
    node,
    ...(query.network !== undefined && { network: query.network }),
  } as const;
  if (!statesOf(query).has("allocated")) return;
  for await (const { record } of store.list(scope, listing)) {
    onRead();
    for (const text of record.addresses) {
      const address = tryParseAddress(text);
      // Only a hand wrote it: nobody can have it.
      if (address === undefined) continue;
      refs.set(`${record.space} ${sortableText(address)}`, refTo.allocation(record.space, address));
    }
  }
  const all = [...refs.values()];
  const found = await readPast(all, store, listing);
  const placed = all.flatMap((ref, index) => {
    const record = found[index]?.record;
    return record === undefined ? [] : placedAllocation({ ref, record }, listing);
  });
  yield* placed.sort((a, b) => comparePositions(a.at, b.at));
}

/** The parts of a space's addresses that are left to read, in order; each is of one family. */
function partsOf({ address }: ItemQuery, { after }: Listing): Part[] {
  const parts = address === undefined ? FAMILIES : [{ from: address.first, to: address.last }];
  if (after === undefined) return [...parts];
  const from = parseSortable(after.key);
  return parts
    .filter(({ to }) => compareAddresses(to, from) >= 0)
    .map((part) => (compareAddresses(part.from, from) < 0 ? { ...part, from } : part));
}

function isAfter(at: Position, after: Position | undefined): boolean {
  return after === undefined || comparePositions(at, after) > 0;
}
