import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "./address.ts";
import {
  findOverlap,
  type Interval,
  intersect,
  intervalContains,
  merged,
  overlapFinder,
  overlaps,
  subtract,
} from "./interval.ts";
import { parseInterval } from "./interval-text.ts";
import { small, smallInterval } from "./testing/arbitraries.ts";

const PLACES = Array.from({ length: 64 }, (_, place) => place);
const many = fc.array(smallInterval, { maxLength: 12 });

describe("as sets of addresses", () => {
  test("subtract leaves what no hole holds, in order and disjoint", () => {
    fc.assert(
      fc.property(smallInterval, many, (whole, holes) => {
        const left = subtract(whole, holes);
        expect(placesOf(left)).toEqual(
          PLACES.filter((place) => holds([whole], place) && !holds(holes, place)),
        );
        expect(merged(left)).toEqual(left);
      }),
    );
  });

  test("merged holds the same addresses, in order and disjoint", () => {
    fc.assert(
      fc.property(many, (intervals) => {
        const joined = merged(intervals);
        expect(placesOf(joined)).toEqual(PLACES.filter((place) => holds(intervals, place)));
        joined.slice(1).forEach((interval, index) => {
          expect(interval.first.value).toBeGreaterThan((joined[index]?.last.value ?? 0n) + 1n);
        });
      }),
    );
  });

  test("intersect holds what both hold, and overlaps says whether there is any", () => {
    fc.assert(
      fc.property(smallInterval, smallInterval, (a, b) => {
        const both = PLACES.filter((place) => holds([a], place) && holds([b], place));
        expect(placesOf(intersect(a, b))).toEqual(both);
        expect(overlaps(a, b)).toBe(both.length > 0);
      }),
    );
  });

  test("findOverlap finds two that overlap whenever there are two", () => {
    fc.assert(
      fc.property(many, (intervals) => {
        const found = findOverlap(intervals, (interval) => interval);
        const any = intervals.some((a, index) => intervals.slice(index + 1).some((b) => overlaps(a, b)));
        expect(found !== undefined).toBe(any);
        if (found) expect(overlaps(...found)).toBe(true);
      }),
    );
  });
});

test("overlapFinder finds the first of another group that overlaps", () => {
  const groups = fc.array(fc.nat(2), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(many, groups, smallInterval, fc.nat(2), (intervals, of, wanted, group) => {
      const items = merged(intervals).map((interval, index) => ({ interval, group: of[index] ?? 0 }));
      const find = overlapFinder(
        items,
        ({ interval }) => interval,
        (item) => item.group,
      );
      const expected = items.find((item) => item.group !== group && overlaps(item.interval, wanted));
      expect(find(wanted, group)).toBe(expected as (typeof items)[number]);
    }),
  );
});

test("families never meet", () => {
  const four = parseInterval("0.0.0.0-255.255.255.255");
  const six = parseInterval("::-::ffff:ffff");
  expect(overlaps(four, six)).toBe(false);
  expect(subtract(four, [six])).toEqual([four]);
  expect(merged([six, four])).toEqual([four, six]);
  expect(findOverlap([six, four], (one) => one)).toBeUndefined();
  expect(
    overlapFinder(
      [six],
      (one) => one,
      () => "a",
    )(four, "b"),
  ).toBeUndefined();
  expect(intervalContains(six, parseAddress("10.1.2.3"))).toBe(false);
});

test("two /8 full of holes are compared at once", () => {
  const holes = Array.from({ length: 20_000 }, (_, index) => ({
    first: small(index * 3),
    last: small(index * 3),
  }));
  expect(subtract({ first: small(0), last: small(60_000) }, holes).length).toBe(20_000);
  expect(findOverlap(holes, (hole) => hole)).toBeUndefined();
});

function holds(intervals: readonly Interval[], place: number): boolean {
  return intervals.some((interval) => intervalContains(interval, small(place)));
}

function placesOf(intervals: readonly Interval[]): number[] {
  return intervals.flatMap(({ first, last }) =>
    PLACES.filter((place) => small(place).value >= first.value && small(place).value <= last.value),
  );
}
