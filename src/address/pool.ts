import type { Address } from "./address.ts";
import { type Interval, merged, subtract } from "./interval.ts";
import { lastIndex } from "./last-index.ts";
import type { RangeSet } from "./range.ts";

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
  lastPositionUpTo({ value }: Address): bigint {
    const index = lastIndex(this.intervals.length, (candidate) => {
      const interval = this.intervals[candidate];
      return interval !== undefined && interval.first.value <= value;
    });
    const interval = this.intervals[index];
    if (interval === undefined) return -1n;
    const end = value < interval.last.value ? value : interval.last.value;
    return (this.#starts[index] ?? 0n) + end - interval.first.value;
  }

  /** The addresses of the positions first..last, without the gaps. */
  intervalsBetween(first: bigint, last: bigint): Interval[] {
    const from = this.at(first);
    const to = this.at(last);
    return this.intervals.flatMap((interval) => {
      if (interval.last.value < from.value || interval.first.value > to.value) return [];
      return [
        {
          first: interval.first.value < from.value ? from : interval.first,
          last: interval.last.value > to.value ? to : interval.last,
        },
      ];
    });
  }
}

/**
 * One pool per range that has dynamic addresses at all, in the order of the ranges. The fixed part
 * of one range stays out of every range of the set: two ranges may be parts of one subnet.
 */
export function dynamicPools(set: RangeSet, never: readonly Interval[]): Pool[] {
  const holes = [...never, ...set.ranges.flatMap(({ fixed }) => fixed ?? [])];
  return set.ranges.map(({ dynamic }) => new Pool(subtract(dynamic, holes))).filter(({ size }) => size > 0n);
}

/** A pool of intervals of one family that may overlap and come in any order. */
export function poolOf(intervals: readonly Interval[]): Pool {
  return new Pool(merged(intervals));
}

/** The pool without some addresses. */
export function withoutIntervals(pool: Pool, holes: readonly Interval[]): Pool {
  if (holes.length === 0) return pool;
  return new Pool(pool.intervals.flatMap((interval) => subtract(interval, holes)));
}
