import { type Address, equalAddresses } from "../../address/address.ts";
import { type Interval, intervalContains, oneAddress } from "../../address/interval.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";
import type { FixedAddress } from "../wish.ts";
import type { Target } from "./target.ts";

/** Which range set gives which of the addresses that a wish names. */
export interface Apportioned {
  readonly named: ReadonlyMap<RangeSet, FixedAddress>;
  /** Addresses that no set is left for. */
  readonly left: readonly FixedAddress[];
}

/**
 * Assigns each address to the set whose dynamic ranges contain it, else to the first set left whose
 * subnet contains it: so no set gives out dynamically what was asked of another. Sets may share a subnet.
 */
export function apportion(sets: readonly RangeSet[], wanted: readonly FixedAddress[]): Apportioned {
  const named = new Map<RangeSet, FixedAddress>();
  const give = (wish: FixedAddress, holds: (set: RangeSet, address: Address) => boolean): boolean => {
    const twice = [...named.values()].some(({ address }) => equalAddresses(address, wish.address));
    const set = sets.find((each) => !twice && !named.has(each) && holds(each, wish.address));
    if (set !== undefined) named.set(set, wish);
    return set !== undefined;
  };
  const outside = wanted.filter((wish) => !give(wish, givesOut));
  return { named, left: outside.filter((wish) => !give(wish, hasSubnetOf)) };
}

/**
 * Addresses of the other sets of a network: their dynamic ranges, and the named addresses of the
 * targets so far.
 */
export function elsewhere(sets: readonly RangeSet[], set: RangeSet, targets: readonly Target[]): Interval[] {
  const others = sets.filter((each) => each !== set).flatMap(({ ranges }) => ranges);
  return [...others.map(({ dynamic }) => dynamic), ...targets.flatMap(namedIn)];
}

/** The address of a named target, as an interval; empty for an open target. */
export function namedIn(target: Target): Interval[] {
  return target.kind === "named" ? [oneAddress(target.address)] : [];
}

function givesOut({ ranges }: RangeSet, address: Address): boolean {
  return ranges.some(({ dynamic }) => intervalContains(dynamic, address));
}

function hasSubnetOf(set: RangeSet, address: Address): boolean {
  return rangeOf(set, address) !== undefined;
}
