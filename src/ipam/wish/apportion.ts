import { type Address, equalAddresses } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";

/** Something that names an address. */
export interface Naming {
  readonly address: Address;
}

/** Which range set gives which of the addresses that a wish names. */
export interface Apportioned<T extends Naming> {
  readonly named: ReadonlyMap<RangeSet, T>;
  /** Addresses that no set is left for. */
  readonly left: readonly T[];
}

/**
 * Assigns each address to the set whose dynamic ranges contain it, else to the first set left whose
 * subnet contains it: so no set gives out dynamically what was asked of another. Sets may share a subnet:
 * an address is left only where no assignment gives it beside all that stand before it.
 */
export function apportion<T extends Naming>(sets: readonly RangeSet[], wanted: readonly T[]): Apportioned<T> {
  const named = new Map<RangeSet, T>();
  const takeFree = (wish: T, holds: (set: RangeSet, address: Address) => boolean): boolean => {
    const set = sets.find((each) => !named.has(each) && holds(each, wish.address));
    if (set !== undefined) named.set(set, wish);
    return set !== undefined;
  };
  const makeRoom = (wish: T, tried: Set<RangeSet>): boolean => {
    for (const set of sets) {
      if (tried.has(set) || !hasSubnetOf(set, wish.address)) continue;
      tried.add(set);
      const before = named.get(set);
      if (before !== undefined && !makeRoom(before, tried)) continue;
      named.set(set, wish);
      return true;
    }
    return false;
  };
  const isRepeated = (wish: T) =>
    [...named.values()].some(({ address }) => equalAddresses(address, wish.address));
  const outside = wanted.filter((wish) => isRepeated(wish) || !takeFree(wish, givesOut));
  const left = outside.filter(
    (wish) => isRepeated(wish) || !(takeFree(wish, hasSubnetOf) || makeRoom(wish, new Set())),
  );
  return { named, left };
}

function givesOut({ ranges }: RangeSet, address: Address): boolean {
  return ranges.some(({ dynamic }) => intervalContains(dynamic, address));
}

/** Whether one of the set's subnets holds the address. */
export function hasSubnetOf(set: RangeSet, address: Address): boolean {
  return rangeOf(set, address) !== undefined;
}
