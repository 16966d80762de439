import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Address, equalAddresses } from "../../address/address.ts";
import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import { intersect, intervalContains } from "../../address/interval.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";
import { small } from "../../address/testing/arbitraries.ts";
import { apportion } from "./apportion.ts";
import { fillSets } from "./fill-sets.ts";

const range = fc
  .tuple(fc.constantFrom("10.0.0.0/26", "10.0.0.0/28", "10.0.0.16/28", "10.0.0.8/29"), fc.nat(60), fc.nat(4))
  .map(([text, first, length]) => {
    const subnet = parseCidr(text);
    const whole = cidrInterval(subnet);
    const [dynamic = whole] = intersect(whole, { first: small(first), last: small(first + length) });
    return { subnet, dynamic };
  });
const sets = fc.array(
  fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => ({ ranges })),
  { maxLength: 6 },
);
const wishes = fc.array(
  fc.nat(63).map((place) => ({ address: small(place) })),
  { maxLength: 10 },
);

test("addresses go to sets as by a search that begins anew for each", () => {
  fc.assert(
    fc.property(sets, wishes, (of, wanted) => {
      const { named, left } = apportion(of, wanted);
      const expected = searched(of, wanted);
      expect([...named]).toEqual([...expected.named]);
      expect(left).toEqual(expected.left);
    }),
    { numRuns: 1_000 },
  );
});

test("an address counts where an assignment gives it beside all that count already", () => {
  fc.assert(
    fc.property(sets, fc.array(wishes, { maxLength: 3 }), (of, sources) => {
      const { given, overridden } = fillSets(of, sources);
      const fits = (beside: typeof given, wish: (typeof given)[number]) =>
        searched(of, [...beside, wish]).left.length === 0;
      const fitting: (typeof given)[number][] = [];
      const expected: { given: typeof fitting; overridden: typeof fitting } = { given: [], overridden: [] };
      for (const source of sources) {
        const own: typeof fitting = [];
        for (const wish of source) {
          if (fitting.some(({ address }) => equalAddresses(address, wish.address))) continue;
          const isHeld = of.some((set) => hasSubnetOf(set, wish.address));
          if (fits(fitting, wish)) fitting.push(wish);
          else if (isHeld && fits(own, wish)) expected.overridden.push(wish);
          if (fitting.includes(wish) || !expected.overridden.includes(wish)) expected.given.push(wish);
          if (fitting.includes(wish) || expected.overridden.includes(wish)) own.push(wish);
        }
      }
      expect(given).toEqual(expected.given);
      expect(overridden).toEqual(expected.overridden);
    }),
    { numRuns: 1_000 },
  );
});

/** The same, as it is said: slow and simple. */
function searched<T extends { readonly address: Address }>(of: readonly RangeSet[], wanted: readonly T[]) {
  const named = new Map<RangeSet, T>();
  const isRepeated = ({ address }: T) =>
    [...named.values()].some((each) => equalAddresses(each.address, address));
  const take = (wish: T, holds: (set: RangeSet, address: Address) => boolean) => {
    const set = of.find((each) => !named.has(each) && holds(each, wish.address));
    if (set !== undefined) named.set(set, wish);
    return set !== undefined;
  };
  const makeRoom = (wish: T, tried: Set<RangeSet>): boolean =>
    of.some((set) => {
      if (tried.has(set) || !hasSubnetOf(set, wish.address)) return false;
      tried.add(set);
      const before = named.get(set);
      if (before !== undefined && !makeRoom(before, tried)) return false;
      named.set(set, wish);
      return true;
    });
  const outside = wanted.filter((wish) => isRepeated(wish) || !take(wish, givesOut));
  const left = outside.filter(
    (wish) => isRepeated(wish) || !(take(wish, hasSubnetOf) || makeRoom(wish, new Set())),
  );
  return { named, left };
}

function givesOut({ ranges }: RangeSet, address: Address): boolean {
  return ranges.some(({ dynamic }) => intervalContains(dynamic, address));
}

function hasSubnetOf(set: RangeSet, address: Address): boolean {
  const isThere = set.ranges.some(({ subnet }) => intervalContains(cidrInterval(subnet), address));
  expect(rangeOf(set, address) !== undefined).toBe(isThere);
  return isThere;
}
