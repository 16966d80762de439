import type { Address } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import type { CountAnswer, Span } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { type FreeOptions, freePositions, sliceFrom } from "../view/slice.ts";
import { oneOf } from "./one-of.ts";

/** How many parts a segment has. Three store parts for each stay within the 128 of one read. */
const PARTS = 40n;
/** A segment of at most this many positions is read as it is. */
const READABLE = 2048n;
/** More reads than a completely fragmented pool needs: bounds the search of a pool that keeps changing. */
const MOST_READS = 500;

interface Segment {
  readonly first: bigint;
  readonly last: bigint;
}

interface Search {
  readonly attempt: Attempt;
  readonly pool: Pool;
  readonly options: FreeOptions;
  reads: number;
}

/**
 * Finds a free address of a pool of any size by counting records: first in parts that must have free
 * addresses, then in those that may (an address that is allocated and reserved counts twice). The cost
 * depends on how many parts are full, not on the pool's size (FLAT).
 *
 * @returns a random free address of the first part that has one; undefined where nothing is free.
 * @throws StoreFailure.
 */
export function searchPool(attempt: Attempt, pool: Pool, options: FreeOptions): Promise<Address | undefined> {
  if (pool.size === 0n) return Promise.resolve(undefined);
  return searchSegment({ attempt, pool, options, reads: 0 }, { first: 0n, last: pool.size - 1n });
}

async function searchSegment(search: Search, segment: Segment): Promise<Address | undefined> {
  if (++search.reads > MOST_READS) return undefined;
  if (segment.last - segment.first < READABLE) return readSegment(search, segment);
  for (const part of await promisingParts(search, segment)) {
    const found = await searchSegment(search, part);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readSegment(search: Search, segment: Segment): Promise<Address | undefined> {
  const { attempt, pool } = search;
  const length = segment.last - segment.first + 1n;
  const { space } = attempt.request.network;
  const [window] = sliceFrom(pool, segment.first, space, length).windows;
  if (window === undefined) return undefined;
  // Excluded gaps may hold fixed addresses, so that a tight limit could hide the free ones.
  const slice = { pool, start: segment.first, windows: [{ ...window, limit: Number(READABLE) * 4 }] };
  const { windows } = await attempt.ports.store.read({ windows: slice.windows }, attempt.options);
  const free = [...freePositions(slice, windows, search.options)];
  const position = oneOf(free, attempt.ports.random);
  return position === undefined ? undefined : pool.at(position);
}

async function promisingParts(search: Search, segment: Segment): Promise<Segment[]> {
  const parts = divide(segment);
  const rated: { part: Segment; certain: number; possible: number }[] = [];
  const spans = parts.map((part) => spansOf(search, part));
  const answers = await countAll(search, spans.flat());
  let next = 0;
  parts.forEach((part, index) => {
    const own = answers.slice(next, next + (spans[index]?.length ?? 0));
    next += own.length;
    rated.push({ part, ...rate(search, part, own) });
  });
  return rated
    .filter(({ possible }) => possible > 0)
    .sort(
      (a, b) =>
        Math.sign(b.certain) - Math.sign(a.certain) ||
        (a.certain > 0 ? search.attempt.ports.random() - 0.5 : b.possible - a.possible),
    )
    .map(({ part }) => part);
}

/** How many addresses of a part are free at least, and at most. */
function rate(
  search: Search,
  part: Segment,
  counts: readonly CountAnswer[],
): { certain: number; possible: number } {
  const size = Number(part.last - part.first + 1n);
  const sum = (kind: keyof CountAnswer) => counts.reduce((total, count) => total + count[kind], 0);
  const cooling = search.options.ignoreCooling ? 0 : sum("cooling");
  const reserved = Math.max(0, sum("reserved") - search.options.own.length);
  return {
    certain: size - sum("allocated") - sum("reserved") - cooling,
    possible: size - Math.max(sum("allocated"), reserved, cooling),
  };
}

async function countAll(search: Search, spans: readonly Span[]): Promise<CountAnswer[]> {
  const answers: CountAnswer[] = [];
  const perRead = Number(PARTS);
  for (let start = 0; start < spans.length; start += perRead) {
    const counts = spans.slice(start, start + perRead);
    answers.push(...(await search.attempt.ports.store.read({ counts }, search.attempt.options)).counts);
  }
  return answers;
}

function divide({ first, last }: Segment): Segment[] {
  const length = last - first + 1n;
  const step = (length + PARTS - 1n) / PARTS;
  const parts: Segment[] = [];
  for (let at = first; at <= last; at += step) {
    parts.push({ first: at, last: at + step - 1n < last ? at + step - 1n : last });
  }
  return parts;
}

/** A part's addresses without the excluded gaps, whose fixed addresses must not be counted. */
function spansOf({ attempt, pool }: Search, part: Segment): Span[] {
  const { space } = attempt.request.network;
  return pool.intervalsBetween(part.first, part.last).map(({ first, last }) => ({ space, first, last }));
}
