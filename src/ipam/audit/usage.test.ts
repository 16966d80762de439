import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { network } from "../testing/world.ts";
import { type Giver, type Taken, usageOf } from "./usage.ts";

const RULES = {
  ...network("net1", [
    { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.20", gateway: "10.1.2.1" },
    { subnet: "10.1.3.0/24", first: "10.1.3.10", last: "10.1.3.19", gateway: "10.1.3.1" },
  ]),
  exclude: [{ first: parseAddress("10.1.2.5"), last: parseAddress("10.1.2.6") }],
};
const GIVER: Giver = { source: "network", name: "net1", space: "default", rules: [RULES] };

function entries<K extends "allocation" | "reservation" | "cooling">(
  kind: K,
  space: string,
  ...of: string[]
) {
  return of.map((text) => ({
    ref: { kind, space, address: parseAddress(text) },
    record: {} as never,
    revision: 1,
  }));
}

function ranges(first: string, last: string): Taken["reservedRanges"] {
  const reservation = {} as never;
  const record = { version: 1, ranges: [{ first, last, reservation }] };
  return [{ ref: { kind: "reservedRanges", space: "default" }, record, revision: 1 }];
}

const NOTHING: Taken = { allocations: [], reservations: [], reservedRanges: [], cooling: [] };

describe("the usage of ranges", () => {
  test("an empty range: all that may be given out is free", () => {
    // 20 + 10, without the gateway and the two excluded ones.
    expect(usageOf([GIVER], NOTHING)).toEqual([
      {
        source: "network",
        name: "net1",
        space: "default",
        family: 4,
        size: 27n,
        allocated: 0n,
        reserved: 0n,
        cooling: 0n,
        free: 27n,
      },
    ]);
  });

  test("counts what lies inside, once each, and nothing of another space or outside", () => {
    const taken: Taken = {
      allocations: [
        ...entries("allocation", "default", "10.1.2.2", "10.1.2.3", "10.1.3.19", "10.1.2.99"),
        ...entries("allocation", "other", "10.1.2.4"),
      ],
      reservations: entries("reservation", "default", "10.1.2.3", "10.1.2.4", "10.1.2.5"),
      reservedRanges: ranges("10.1.2.18", "10.1.3.10"),
      cooling: entries("cooling", "default", "10.1.2.7"),
    };
    expect(usageOf([GIVER], taken)).toMatchObject([
      // .3 and .4, and .18 to .20 with .3.10; .5 is excluded.
      { allocated: 3n, reserved: 6n, cooling: 1n, free: 27n - 8n },
    ]);
  });

  test("families apart, of any size", () => {
    const six = network("net6", [
      { subnet: "fd00::/64", first: "fd00::2", last: "fd00::ffff:ffff:ffff:ffff", gateway: "fd00::1" },
    ]);
    const giver: Giver = { source: "pool", name: "net1", space: "default", rules: [RULES, six] };
    const taken = { ...NOTHING, allocations: entries("allocation", "default", "fd00::9", "10.1.2.2") };
    expect(usageOf([giver], taken)).toMatchObject([
      { family: 4, allocated: 1n },
      { family: 6, size: 2n ** 64n - 2n, allocated: 1n, free: 2n ** 64n - 3n },
    ]);
  });
});

test("a name with two definitions gives out what either does, each address counted once", () => {
  const wider = network("net1", [
    { subnet: "10.1.2.0/24", first: "10.1.2.5", last: "10.1.2.30", gateway: "10.1.2.1" },
  ]);
  const [alone] = usageOf([{ ...GIVER, rules: [wider] }], NOTHING);
  const [both] = usageOf([{ ...GIVER, rules: [wider, RULES] }], NOTHING);
  // 10.1.2.2 to .4, and what the other range of the first has.
  expect((both?.size ?? 0n) - (alone?.size ?? 0n)).toBe(13n);
});
