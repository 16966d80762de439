import type { Pool } from "../../address/pool.ts";
import type { CountAnswer, Span, WindowAnswer } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { type FreeOptions, freePositions, type Slice, sliceFrom } from "../view/slice.ts";
import { shuffled } from "./one-of.ts";

/** How many parts a segment has. Three store parts for each stay within the 128 of one read. */
const PARTS = 40n;
/** So many positions are read as they are. */
const READABLE = 2048n;
/** So many parts are read at once. */
const READ_AT_ONCE = 16;
/** So many reads go out at once where others wait for what they show. */
const READS_AT_ONCE = 16;
/** A pool of more positions is sampled before it is counted: to count, a store may have to go through all of it. */
const LARGE = 4n * READABLE;
/** How many parts a sample has, and how many positions each. */
const SAMPLES = 8;
const SAMPLE = READABLE / BigInt(SAMPLES);
/** More reads than a completely fragmented pool needs: bounds the search of a pool that keeps changing. */
const MOST_READS = 500;

interface Segment {
  readonly first: bigint;
  readonly last: bigint;
  /** So many of its addresses are free for certain, by a count. */
  readonly certain?: number;
}

/** Free positions of a pool, as they were at one moment; none where nothing is free. */
export interface Found {
  readonly positions: readonly bigint[];
  readonly revision: number;
  /** The look that shows them. */
  readonly windows: readonly WindowAnswer[];
}

/** What a search has found, and whether it may have passed over addresses that cool down. */
export interface Searched extends Found {
  readonly cooling: boolean;
}

/** What counts as free, and how many addresses would be good to know: others wait for what the search finds. */
export interface SearchOptions extends FreeOptions {
  readonly wanted: number;
}

interface Search {
  readonly attempt: Attempt;
  readonly pool: Pool;
  readonly options: SearchOptions;
  reads: number;
  cooling: boolean;
}

const NOTHING: Found = { positions: [], revision: 0, windows: [] };

/**
 * Finds free addresses of a pool of any size: in a sample first, which finds some with a chance of 87 % where
 * one address in a thousand is free, and sends nodes that search at once to different ones. Else by counting
 * records: first in parts that must have free addresses, then in those that may (an address that is allocated
 * and reserved counts twice). The cost depends on how many parts are full, not on the pool's size (FLAT).
 *
 * @returns the free positions of the first parts that have some, at random where several must.
 * @throws StoreFailure.
 */
export async function searchPool(attempt: Attempt, pool: Pool, options: SearchOptions): Promise<Searched> {
  const search: Search = { attempt, pool, options, reads: 0, cooling: false };
  const sampled =
    pool.size > LARGE ? await readSegments(search, sampleOf(pool, attempt.ports.random)) : NOTHING;
  const enough = sampled.positions.length > 0 && 2 * sampled.positions.length >= options.wanted;
  const all = [{ first: 0n, last: pool.size - 1n }];
  const found = enough || pool.size === 0n ? NOTHING : await searchSegments(search, all);
  return { ...together([sampled, found]), cooling: search.cooling };
}

/** Parts of a large pool, one anywhere in each of as many equal shares of it. */
function sampleOf({ size }: Pool, random: () => number): Segment[] {
  const share = size / BigInt(SAMPLES);
  return Array.from({ length: SAMPLES }, (_, index) => {
    const first =
      BigInt(index) * share + ((BigInt(Math.floor(random() * 2 ** 48)) * (share - SAMPLE)) >> 48n);
    return { first, last: first + SAMPLE - 1n };
  });
}

/** Reads the small ones together, and looks into the large ones, in their order. */
async function searchSegments(search: Search, segments: readonly Segment[]): Promise<Found> {
  for (let next = 0; next < segments.length; ) {
    if (++search.reads > MOST_READS) {
      search.cooling = true;
      return NOTHING;
    }
    const [large] = segments.slice(next, next + 1);
    const groups = groupsFrom(search, segments, next);
    const found =
      groups.length > 0
        ? together(await Promise.all(groups.map((group) => readSegments(search, group))))
        : await searchSegments(search, large ? await promisingParts(search, large) : []);
    if (found.positions.length > 0) return found;
    next += Math.max(1, groups.flat().length);
  }
  return NOTHING;
}

/** What is read at once from this segment on: one read's, and of the next ones as many as may show what is wanted. */
function groupsFrom({ options }: Search, segments: readonly Segment[], from: number): Segment[][] {
  const groups: Segment[][] = [];
  let certain = 0;
  for (let next = from; groups.length < READS_AT_ONCE; ) {
    const group = readableFrom(segments, next);
    const further = group.reduce((sum, each) => sum + (each.certain ?? 0), 0);
    if (group.length === 0 || (groups.length > 0 && (certain >= options.wanted || further === 0))) break;
    groups.push(group);
    certain += further;
    next += group.length;
  }
  return groups;
}

/** As one look at the earliest of their moments. */
function together(looks: readonly Found[]): Found {
  const some = looks.filter(({ positions }) => positions.length > 0);
  if (some.length === 0) return NOTHING;
  return {
    positions: [...new Set(some.flatMap(({ positions }) => positions))],
    revision: Math.min(...some.map(({ revision }) => revision)),
    windows: some.flatMap(({ windows }) => windows),
  };
}

/** As many segments from this one on as one read can have. */
function readableFrom(segments: readonly Segment[], next: number): Segment[] {
  const readable: Segment[] = [];
  let positions = 0n;
  for (const segment of segments.slice(next, next + READ_AT_ONCE)) {
    positions += segment.last - segment.first + 1n;
    if (positions > READABLE) break;
    readable.push(segment);
  }
  return readable;
}

async function readSegments(search: Search, segments: readonly Segment[]): Promise<Found> {
  const { attempt, pool } = search;
  const { space } = attempt.request.network;
  const slices = segments.flatMap(({ first, last }): Slice[] => {
    const [window] = sliceFrom(pool, first, space, last - first + 1n).windows;
    // Excluded gaps may hold fixed addresses, so that a tight limit could hide the free ones.
    return window ? [{ pool, start: first, windows: [{ ...window, limit: Number(READABLE) * 4 }] }] : [];
  });
  const { windows, revision } = await attempt.ports.store.read(
    { windows: slices.flatMap((slice) => slice.windows) },
    attempt.options,
  );
  const positions = slices.flatMap((slice, index) => [
    ...freePositions(slice, windows.slice(index, index + 1), search.options),
  ]);
  search.cooling ||= windows.some(({ cooling }) => cooling.length > 0);
  return { positions, revision, windows };
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
  return shuffled(rated, search.attempt.ports.random)
    .filter(({ possible }) => possible > 0)
    .sort(
      (a, b) => Math.sign(b.certain) - Math.sign(a.certain) || (a.certain > 0 ? 0 : b.possible - a.possible),
    )
    .map(({ part, certain }) => ({ ...part, certain: Math.max(0, certain) }));
}

/** How many addresses of a part are free at least, and at most: nothing is both allocated and cooling (GUARDED). */
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
    possible: size - Math.max(sum("allocated") + cooling, reserved),
  };
}

async function countAll(search: Search, spans: readonly Span[]): Promise<CountAnswer[]> {
  const answers: CountAnswer[] = [];
  const perRead = Number(PARTS);
  for (let start = 0; start < spans.length; start += perRead) {
    const counts = spans.slice(start, start + perRead);
    answers.push(...(await search.attempt.ports.store.read({ counts }, search.attempt.options)).counts);
  }
  search.cooling ||= answers.some(({ cooling }) => cooling > 0);
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
