import type { Address } from "./address.ts";
import { type Interval, merged, subtracting } from "./interval.ts";
import { lastIndex } from "./last-index.ts";
import type { RangeSet } from "./range.ts";
import { remembered } from "./remembered.ts";

/**
 * Addresses to give out, numbered from 0: a sorted list of disjoint intervals. Every operation
 * costs the logarithm of the number of intervals, however large they are (FLAT).
 */
export class Pool {
  readonly size: bigint;
  readonly intervals: readonly Interval[];
  /** Position of each interval's first address. */
  readonly #starts: readonly bigint[];

  /** @param intervals of one family, disjoint, in order. */
  constructor(intervals: readonly Interval[]) {
    let size = 0n;
    const starts: bigint[] = [];
    for (const { first, last } of intervals) {
      starts.push(size);
      size += last.value - first.value + 1n;
    }
    this.intervals = intervals;
    this.#starts = starts;
    this.size = size;
  }

  /** @throws RangeError outside 0 <= position < size. */
  at(position: bigint): Address {
    const index = lastIndex(
      this.intervals.length,
      (candidate) => (this.#starts[candidate] ?? 0n) <= position,
    );
    const interval = this.intervals[index];
    if (interval === undefined || position < 0n || position >= this.size) {
      throw new RangeError(`position ${position} is not in a pool of ${this.size}`);
    }
    return {
      family: interval.first.family,
      value: interval.first.value + position - (this.#starts[index] ?? 0n),
    };
  }

  /** Undefined when the pool does not hold the address. */
  positionOf(address: Address): bigint | undefined {
    const position = this.lastPositionUpTo(address);
    if (position < 0n) return undefined;
    const found = this.at(position);
    return found.value === address.value && found.family === address.family ? position : undefined;
  }

  /** The last position whose address is not behind `address`; -1 when there is none. */
  lastPositionUpTo(address: Address): bigint {
    const index = this.#indexUpTo(address);
    const interval = this.intervals[index];
    if (interval === undefined) return -1n;
    const isInside = address.value < interval.last.value;
    const end = isInside ? address.value : interval.last.value;
    return (this.#starts[index] ?? 0n) + end - interval.first.value;
  }

  /** The last interval that begins at or before the address; -1 where none does. */
  #indexUpTo({ value }: Address): number {
    return lastIndex(this.intervals.length, (candidate) => {
      const interval = this.intervals[candidate];
      return interval !== undefined && interval.first.value <= value;
    });
  }

  /** The addresses of the positions first..last, without the gaps. */
  intervalsBetween(first: bigint, last: bigint): Interval[] {
    const from = this.at(first);
    const to = this.at(last);
    return this.intervals.slice(this.#indexUpTo(from), this.#indexUpTo(to) + 1).map((interval) => ({
      first: interval.first.value < from.value ? from : interval.first,
      last: interval.last.value > to.value ? to : interval.last,
    }));
  }
}

/**
 * One pool per range that has dynamic addresses at all, in the order of the ranges. The fixed part
 * of one range stays out of every range of the set: two ranges may be parts of one subnet.
 */
export function dynamicPools(set: RangeSet, never: readonly Interval[]): Pool[] {
  const allowed = leaving(never);
  const unfixed = leaving(set.ranges.flatMap(({ fixed }) => fixed ?? []));
  return set.ranges
    .map(({ dynamic }) => new Pool(unfixed(dynamic).flatMap(allowed)))
    .filter(({ size }) => size > 0n);
}

/** A pool of intervals of one family that may overlap and come in any order. */
export function poolOf(intervals: readonly Interval[]): Pool {
  return new Pool(merged(intervals));
}

/** The pool without some addresses. */
export function withoutIntervals(pool: Pool, holes: readonly Interval[]): Pool {
  if (holes.length === 0) return pool;
  return new Pool(pool.intervals.flatMap(leaving(holes)));
}

/** All sets of a network leave out the same addresses. */
const leaving = remembered(subtracting);
