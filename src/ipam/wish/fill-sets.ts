import { equalAddresses } from "../../address/address.ts";
import { cidrContains } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import type { RangeSet } from "../../address/range.ts";
import { apportion, hasSubnetOf, type Naming } from "./apportion.ts";

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
  // Never more than there are sets, so that a long list costs no more than linear time (CAPPED).
  const fitting: T[] = [];
  const fits = (beside: readonly T[], wish: T) => apportion(sets, [...beside, wish]).left.length === 0;
  for (const source of sources) {
    const own: T[] = [];
    for (const wish of source) {
      if (fitting.some(({ address }) => equalAddresses(address, wish.address))) continue;
      if (fits(fitting, wish)) {
        fitting.push(wish);
        given.push(wish);
      } else if (sets.some((set) => hasSubnetOf(set, wish.address)) && fits(own, wish)) {
        overridden.push(wish);
      } else {
        given.push(wish);
        continue;
      }
      own.push(wish);
    }
  }
  return { given, overridden };
}

/** The same of intervals: those of a weaker source count for the sets that no stronger one speaks of. */
export function fillWithIntervals(
  sets: readonly RangeSet[],
  sources: readonly (readonly Interval[])[],
): Interval[][] {
  let free = sets;
  return sources.map((source) => {
    const own = source.filter((interval) => setsOf(free, interval).length > 0);
    free = free.filter((set) => !own.some((interval) => holdsInterval(set, interval)));
    return own;
  });
}

/** The sets that could give an address of the interval. */
export function setsOf(sets: readonly RangeSet[], interval: Interval): RangeSet[] {
  return sets.filter((set) => holdsInterval(set, interval));
}

function holdsInterval({ ranges }: RangeSet, { first, last }: Interval): boolean {
  return ranges.some(({ subnet }) => cidrContains(subnet, first) && cidrContains(subnet, last));
}
