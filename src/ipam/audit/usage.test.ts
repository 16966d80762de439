import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { network } from "../testing/world.ts";
import { type Giver, type Taken, type TakenKind, usageOf } from "./usage.ts";

const RULES = {
  ...network("net1", [
    { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.20", gateway: "10.1.2.1" },
    { subnet: "10.1.3.0/24", first: "10.1.3.10", last: "10.1.3.19", gateway: "10.1.3.1" },
  ]),
  exclude: [{ first: parseAddress("10.1.2.5"), last: parseAddress("10.1.2.6") }],
};
const GIVER: Giver = { source: "network", name: "net1", space: "default", rules: [RULES] };

/** What is taken, by kind and space, and reserved ranges of the space "default". */
function taken(
  texts: Partial<Record<TakenKind, Readonly<Record<string, readonly string[]>>>>,
  ...ranges: readonly [string, string][]
): Taken {
  return {
    values: (kind, space, family) =>
      (texts[kind]?.[space] ?? [])
        .map(parseAddress)
        .filter((address) => address.family === family)
        .map(({ value }) => (family === 4 ? Number(value) : value)),
    ranges: (space) =>
      space === "default"
        ? ranges.map(([first, last]) => ({ first: parseAddress(first), last: parseAddress(last) }))
        : [],
  };
}

const NOTHING = taken({});

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
    const some = taken(
      {
        allocation: { default: ["10.1.2.99", "10.1.2.2", "10.1.2.3", "10.1.3.19"], other: ["10.1.2.4"] },
        reservation: { default: ["10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.19"] },
        cooling: { default: ["10.1.2.7"] },
      },
      ["10.1.2.18", "10.1.3.10"],
    );
    expect(usageOf([GIVER], some)).toMatchObject([
      // .3 and .4, and .18 to .20 with .3.10; .5 is excluded.
      { allocated: 3n, reserved: 6n, cooling: 1n, free: 27n - 8n },
    ]);
  });

  test("families apart, of any size", () => {
    const six = network("net6", [
      { subnet: "fd00::/64", first: "fd00::2", last: "fd00::ffff:ffff:ffff:ffff", gateway: "fd00::1" },
    ]);
    const giver: Giver = { source: "pool", name: "net1", space: "default", rules: [RULES, six] };
    const some = taken({ allocation: { default: ["fd00::9", "10.1.2.2"] } });
    expect(usageOf([giver], some)).toMatchObject([
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
