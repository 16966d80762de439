import { type Address, compareAddresses } from "./address.ts";
import { lastIndex } from "./last-index.ts";

/** All addresses from `first` to `last`, both included; one family; first <= last. */
export interface Interval {
  readonly first: Address;
  readonly last: Address;
}

/** One address alone. */
export function oneAddress(address: Address): Interval {
  return { first: address, last: address };
}

/** Whether the interval has one address only. */
export function isOneAddress({ first, last }: Interval): boolean {
  return first.value === last.value;
}

/** How many addresses the interval has. */
export function sizeOf({ first, last }: Interval): bigint {
  return last.value - first.value + 1n;
}

export function intervalContains({ first, last }: Interval, address: Address): boolean {
  return first.family === address.family && first.value <= address.value && address.value <= last.value;
}

export function isWithin(address: Address, intervals: readonly Interval[]): boolean {
  return intervals.some((interval) => intervalContains(interval, address));
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.first.family === b.first.family && a.first.value <= b.last.value && b.first.value <= a.last.value;
}

/** Two of the items whose intervals share an address, if there are any; costs one sort. */
export function findOverlap<T extends object>(
  items: readonly T[],
  intervalOf: (item: T) => Interval,
): readonly [T, T] | undefined {
  const [first, ...rest] = [...items].sort((a, b) =>
    compareAddresses(intervalOf(a).first, intervalOf(b).first),
  );
  if (first === undefined) return undefined;
  let furthest = first;
  for (const item of rest) {
    if (overlaps(intervalOf(furthest), intervalOf(item))) return [furthest, item];
    if (compareAddresses(intervalOf(item).last, intervalOf(furthest).last) > 0) furthest = item;
  }
  return undefined;
}

/**
 * Makes many lookups cheap: answers which of the items share an address with an interval, each in
 * the logarithm of their number.
 *
 * @param items with disjoint intervals.
 */
export function overlapFinder<T extends object>(
  items: readonly T[],
  intervalOf: (item: T) => Interval,
): (interval: Interval) => T[] {
  const sorted = [...items].sort((a, b) => compareAddresses(intervalOf(a).first, intervalOf(b).first));
  const lastUpTo = (address: Address) =>
    lastIndex(sorted.length, (index) => {
      const item = sorted[index];
      return item !== undefined && compareAddresses(intervalOf(item).first, address) <= 0;
    });
  return (interval) => {
    const from = Math.max(lastUpTo(interval.first), 0);
    return sorted
      .slice(from, lastUpTo(interval.last) + 1)
      .filter((item) => overlaps(intervalOf(item), interval));
  };
}

/** The same addresses as disjoint intervals in order, neighbours joined. */
export function merged(intervals: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const interval of inOrder(intervals)) {
    const last = joined.at(-1);
    const touches =
      last?.first.family === interval.first.family && interval.first.value <= last.last.value + 1n;
    if (last === undefined || !touches) joined.push(interval);
    else if (interval.last.value > last.last.value)
      joined[joined.length - 1] = { ...last, last: interval.last };
  }
  return joined;
}

/** What two intervals share: one interval, or none. */
export function intersect(a: Interval, b: Interval): Interval[] {
  if (!overlaps(a, b)) return [];
  return [
    {
      first: a.first.value > b.first.value ? a.first : b.first,
      last: a.last.value < b.last.value ? a.last : b.last,
    },
  ];
}

/** What is left of `whole` without `holes`, in order; holes may overlap and come in any order. */
export function subtract(whole: Interval, holes: readonly Interval[]): Interval[] {
  const { family } = whole.first;
  const left: Interval[] = [];
  let next = whole.first.value;
  for (const hole of inOrder(holes.filter((candidate) => overlaps(whole, candidate)))) {
    if (hole.first.value > next) {
      left.push({ first: { family, value: next }, last: { family, value: hole.first.value - 1n } });
    }
    if (hole.last.value >= next) next = hole.last.value + 1n;
  }
  if (next <= whole.last.value) left.push({ first: { family, value: next }, last: whole.last });
  return left;
}

function inOrder(intervals: readonly Interval[]): Interval[] {
  return [...intervals].sort((a, b) => compareAddresses(a.first, b.first));
}
