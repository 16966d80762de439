import type { Address } from "./address.ts";
import type { Interval } from "./interval.ts";
import { lastIndex } from "./last-index.ts";

/** Of an item, the addresses that it holds. */
type Held<T> = (item: T) => readonly Interval[];

/**
 * Makes many lookups cheap: answers the first item that holds an address, in the logarithm of the number of intervals.
 * Costs one sort, whichever way the intervals overlap.
 */
export function firstHolding<T>(items: readonly T[], held: Held<T>): (address: Address) => T | undefined {
  const segments = new Segments(items.flatMap(held));
  const firsts: (T | undefined)[] = Array(segments.count);
  // The next segment from here on that no item has yet: each is given away once.
  const nextFree = Int32Array.from({ length: segments.count + 1 }, (_, index) => index);
  const free = (from: number): number => {
    let found = from;
    while (nextFree[found] !== found) found = nextFree[found] ?? segments.count;
    for (let at = from; at !== found; ) {
      const next = nextFree[at] ?? found;
      nextFree[at] = found;
      at = next;
    }
    return found;
  };
  for (const item of items) {
    for (const interval of held(item)) {
      const [from, to] = segments.of(interval);
      for (let at = free(from); at < to; at = free(at)) {
        firsts[at] = item;
        nextFree[at] = at + 1;
      }
    }
  }
  return (address) => firsts[segments.at(address)];
}

/**
 * The same for all items that hold an address, in their order. Costs as much as the answers are long: for items that
 * are few, such as the range sets of a network, or overlap little.
 */
export function allHolding<T>(items: readonly T[], held: Held<T>): (address: Address) => readonly T[] {
  const segments = new Segments(items.flatMap(held));
  const holders: T[][] = Array.from({ length: segments.count }, () => []);
  for (const item of items) {
    for (const interval of held(item)) {
      const [from, to] = segments.of(interval);
      for (const list of holders.slice(from, to)) if (list.at(-1) !== item) list.push(item);
    }
  }
  return (address) => holders[segments.at(address)] ?? [];
}

/** The addresses, cut where any of the intervals begins, and behind where any ends: no interval has half a segment. */
class Segments {
  readonly #starts: readonly bigint[];

  constructor(intervals: readonly Interval[]) {
    const cuts = new Set(intervals.flatMap(({ first, last }) => [place(first), place(last) + 1n]));
    this.#starts = [...cuts].sort((a, b) => (a < b ? -1 : 1));
  }

  get count(): number {
    return this.#starts.length;
  }

  /** -1 for an address before all segments. */
  at(address: Address): number {
    return this.#lastUpTo(place(address));
  }

  /** From the first to behind the last segment of one of the intervals. */
  of({ first, last }: Interval): readonly [number, number] {
    return [this.#lastUpTo(place(first)), this.#lastUpTo(place(last)) + 1];
  }

  #lastUpTo(value: bigint): number {
    return lastIndex(this.#starts.length, (index) => (this.#starts[index] ?? 0n) <= value);
  }
}

/** IPv6 behind IPv4, so that one order has both. */
function place({ family, value }: Address): bigint {
  return family === 4 ? value : value + 0x1_0000_0000n;
}
