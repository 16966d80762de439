import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "./address.ts";
import { parseCidr } from "./cidr.ts";
import { type Interval, intervalContains } from "./interval.ts";
import { parseInterval } from "./interval-text.ts";
import { dynamicPools, Pool, poolOf, withoutIntervals } from "./pool.ts";
import type { Range } from "./range.ts";
import { small, smallInterval } from "./testing/arbitraries.ts";

const many = fc.array(smallInterval, { maxLength: 12 });
const PLACES = Array.from({ length: 64 }, (_, place) => small(place));

describe("a pool", () => {
  test("numbers its addresses in order, without gaps", () => {
    fc.assert(
      fc.property(many, (intervals) => {
        const pool = poolOf(intervals);
        const expected = PLACES.filter((address) => intervals.some((one) => intervalContains(one, address)));
        expect(pool.size).toBe(BigInt(expected.length));
        expect(addressesOf(pool)).toEqual(expected);
      }),
    );
  });

  test("knows the position of exactly its own addresses", () => {
    fc.assert(
      fc.property(many, (intervals) => {
        const pool = poolOf(intervals);
        const all = addressesOf(pool).map(formatAddress);
        for (const address of PLACES) {
          const index = all.indexOf(formatAddress(address));
          expect(pool.positionOf(address)).toBe(index === -1 ? undefined : BigInt(index));
        }
      }),
    );
  });

  test("knows the last position up to any address", () => {
    fc.assert(
      fc.property(many, fc.nat(63), (intervals, place) => {
        const pool = poolOf(intervals);
        const before = addressesOf(pool).filter(({ value }) => value <= small(place).value);
        expect(pool.lastPositionUpTo(small(place))).toBe(BigInt(before.length) - 1n);
      }),
    );
  });

  test("names the intervals between two positions", () => {
    fc.assert(
      fc.property(many, fc.nat(63), fc.nat(63), (intervals, a, b) => {
        const pool = poolOf(intervals);
        const [first, last] = a < b ? [a, b] : [b, a];
        fc.pre(BigInt(last) < pool.size);
        const between = poolOf(pool.intervalsBetween(BigInt(first), BigInt(last)));
        expect(addressesOf(between)).toEqual(addressesOf(pool).slice(first, last + 1));
      }),
    );
  });

  test("loses exactly what is taken out", () => {
    fc.assert(
      fc.property(many, many, (intervals, holes) => {
        const pool = poolOf(intervals);
        const kept = addressesOf(pool).filter(
          (address) => !holes.some((hole) => intervalContains(hole, address)),
        );
        expect(addressesOf(withoutIntervals(pool, holes))).toEqual(kept);
      }),
    );
  });

  test("refuses positions outside", () => {
    const pool = poolOf([parseInterval("10.1.2.2-10.1.2.4")]);
    for (const position of [-1n, 3n]) {
      expect(() => pool.at(position)).toThrow(new RangeError(`position ${position} is not in a pool of 3`));
    }
    expect(() => new Pool([]).at(0n)).toThrow("position 0 is not in a pool of 0");
  });

  test("holds no address of the other family", () => {
    const pool = poolOf([parseInterval("0.0.0.1-0.0.0.9")]);
    expect(pool.positionOf(parseAddress("0.0.0.5"))).toBe(4n);
    expect(pool.positionOf(parseAddress("::5"))).toBeUndefined();
  });
});

describe("dynamicPools", () => {
  test("gives one pool per range that has addresses, in the order of the ranges", () => {
    const ranges = [range("10.1.3.0/29"), range("10.1.4.0/29"), range("10.1.2.0/29")];
    const pools = dynamicPools({ ranges }, [parseInterval("10.1.4.0/29")]);
    expect(pools.map((pool) => formatAddress(pool.at(0n)))).toEqual(["10.1.3.2", "10.1.2.2"]);
  });

  test("keeps the fixed part of any range of the set out of all of them", () => {
    const low = {
      ...range("10.1.2.0/24"),
      dynamic: parseInterval("10.1.2.2-10.1.2.9"),
      fixed: parseInterval("10.1.2.8-10.1.2.11"),
    };
    const high = { ...range("10.1.2.0/24"), dynamic: parseInterval("10.1.2.10-10.1.2.13") };
    const pools = dynamicPools({ ranges: [low, high] }, [parseInterval("10.1.2.13")]);
    expect(pools.map((pool) => addressesOf(pool).map(formatAddress).join(" "))).toEqual([
      "10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5 10.1.2.6 10.1.2.7",
      "10.1.2.12",
    ]);
  });
});

test("FLAT: a /8 or /32 with thousands of holes costs no more than a /28", () => {
  for (const [subnet, step] of [
    ["10.0.0.0/8", 4_000n],
    ["2001:db8::/32", 1n << 80n],
  ] as const) {
    const { dynamic } = range(subnet);
    const holes = Array.from({ length: 4_000 }, (_, index): Interval => {
      const value = dynamic.first.value + step * BigInt(index + 1);
      const hole = { family: dynamic.first.family, value };
      return { first: hole, last: hole };
    });
    const [pool] = dynamicPools({ ranges: [range(subnet)] }, holes);
    if (pool === undefined) throw new Error("expected a pool");
    for (let n = 0n; n < 1_000n; n += 1n) {
      const position = (pool.size / 1_000n) * n;
      expect(pool.positionOf(pool.at(position))).toBe(position);
    }
  }
});

function addressesOf(pool: Pool) {
  return Array.from({ length: Number(pool.size) }, (_, index) => pool.at(BigInt(index)));
}

/** The range that a subnet alone makes. */
function range(text: string): Range {
  const subnet = parseCidr(text);
  const whole = parseInterval(text);
  const { family } = subnet.address;
  return {
    subnet,
    dynamic: {
      first: { family, value: whole.first.value + 2n },
      last: { family, value: whole.last.value - (family === 4 ? 1n : 0n) },
    },
  };
}
