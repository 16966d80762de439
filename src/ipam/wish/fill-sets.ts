import type { Interval } from "../../address/interval.ts";
import { type RangeSet, setsWithSubnetFor, setsWithSubnetOf } from "../../address/range.ts";
import { Assignment, type Naming } from "./apportion.ts";

/** What several sources name, brought together. */
export interface Filled<T extends Naming> {
  /** What counts, the strongest source first: also what no set can give, which the ADD then refuses. */
  readonly given: readonly T[];
  /** What yields, because a stronger source names another address for the only set that could give it. */
  readonly overridden: readonly T[];
}

/**
 * Brings together what several sources name, the strongest first: within one range set the strongest
 * counts, and a weaker one fills the sets that no stronger one names. Nothing else is left out: an address
 * outside of every subnet, and the second address that one source names for one set, stay a wish that
 * cannot be fulfilled (FAIL-CLOSED).
 */
export function fillSets<T extends Naming>(
  sets: readonly RangeSet[],
  sources: readonly (readonly T[])[],
): Filled<T> {
  const given: T[] = [];
  const overridden: T[] = [];
  const fitting = new Assignment<T>(sets);
  for (const source of sources) {
    const own = new Assignment<T>(sets);
    for (const wish of source) {
      if (fitting.has(wish)) continue;
      if (fitting.add(wish)) {
        own.add(wish);
        given.push(wish);
      } else if (setsWithSubnetOf(sets, wish.address).length > 0 && own.add(wish)) overridden.push(wish);
      else given.push(wish);
    }
  }
  return { given, overridden };
}

/** The same of intervals: those of a weaker source count for the sets that no stronger one speaks of. */
export function fillWithIntervals(
  sets: readonly RangeSet[],
  sources: readonly (readonly Interval[])[],
): Interval[][] {
  const taken = new Set<RangeSet>();
  return sources.map((source) => {
    const held = source.map((interval) => ({
      interval,
      by: setsWithSubnetFor(sets, interval).filter((set) => !taken.has(set)),
    }));
    for (const set of held.flatMap(({ by }) => by)) taken.add(set);
    return held.filter(({ by }) => by.length > 0).map(({ interval }) => interval);
  });
}
