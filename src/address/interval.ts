import { type Address, compareAddresses } from "./address.ts";
import { lastIndex } from "./last-index.ts";
import { remembered } from "./remembered.ts";

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
  return intervals.length > FEW
    ? withinFinder(intervals)(address)
    : intervals.some((interval) => intervalContains(interval, address));
}

/** So many are looked through rather than put in order. */
const FEW = 8;

const withinFinder = remembered((intervals: readonly Interval[]) => {
  const sorted = merged(intervals);
  return (address: Address) => {
    const interval = sorted[lastFrom(sorted, address)];
    return interval !== undefined && intervalContains(interval, address);
  };
});

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
 * Makes many lookups cheap: answers the first item of another group, by its address, that shares one with an interval;
 * each in the logarithm of the number of items, however many of them share it.
 *
 * @param items with disjoint intervals.
 */
export function overlapFinder<T extends object, G>(
  items: readonly T[],
  intervalOf: (item: T) => Interval,
  groupOf: (item: T) => G,
): (interval: Interval, group: G) => T | undefined {
  const sorted = [...items].sort((a, b) => compareAddresses(intervalOf(a).first, intervalOf(b).first));
  const intervals = sorted.map(intervalOf);
  const groups = sorted.map(groupOf);
  // Behind each item the next one of another group.
  const next = Array<number>(sorted.length).fill(sorted.length);
  for (let index = sorted.length - 2; index >= 0; index--)
    next[index] = groups[index] === groups[index + 1] ? (next[index + 1] ?? sorted.length) : index + 1;
  return (interval, group) => {
    const before = lastFrom(intervals, interval.first);
    const holding = intervals[before];
    const from = holding !== undefined && overlaps(holding, interval) ? before : before + 1;
    const at = groups[from] === group ? (next[from] ?? sorted.length) : from;
    const found = intervals[at];
    return found !== undefined && overlaps(found, interval) ? sorted[at] : undefined;
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
  return subtracting(holes)(whole);
}

/**
 * The same for many intervals: sorts the holes once, and costs the logarithm of their number for each interval, and as
 * much as is cut out of it.
 */
export function subtracting(holes: readonly Interval[]): (whole: Interval) => Interval[] {
  const sorted = merged(holes);
  return (whole) => {
    const { family } = whole.first;
    const left: Interval[] = [];
    let next = whole.first.value;
    for (let index = Math.max(lastFrom(sorted, whole.first), 0); index < sorted.length; index++) {
      const hole = sorted[index];
      if (hole === undefined || compareAddresses(hole.first, whole.last) > 0) break;
      if (!overlaps(whole, hole)) continue;
      if (hole.first.value > next)
        left.push({ first: { family, value: next }, last: { family, value: hole.first.value - 1n } });
      next = hole.last.value + 1n;
    }
    if (next <= whole.last.value) left.push({ first: { family, value: next }, last: whole.last });
    return left;
  };
}

/** The last of sorted intervals that begins at or before an address; -1 where none does. */
function lastFrom(sorted: readonly Interval[], address: Address): number {
  return lastIndex(sorted.length, (index) => {
    const interval = sorted[index];
    return interval !== undefined && compareAddresses(interval.first, address) <= 0;
  });
}

function inOrder(intervals: readonly Interval[]): Interval[] {
  return [...intervals].sort((a, b) => compareAddresses(a.first, b.first));
}
