import { describe, expect, test } from "bun:test";
import { addressesOf, Crowd, meanTrips } from "../../../test/kit/fleet/crowd.ts";
import { networkOf } from "../../../test/kit/fleet/pool.ts";
import type { Address } from "../../address/address.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { network } from "../testing/world.ts";

/** More than a search reads at once, so that it must count. */
const SIZE = 9_000;
const LARGE = networkOf(SIZE, 60);
const FIRST = LARGE.sets[0]?.ranges[0]?.dynamic.first.value ?? 0n;

/** All addresses of the large range but so many, anywhere in it. */
function allBut(free: number, seed = 1): Address[] {
  const random = seededRandom(seed);
  const left = new Set<number>();
  while (left.size < free) left.add(Math.floor(random() * SIZE));
  return Array.from({ length: SIZE }, (_, n) => n).flatMap((n) =>
    left.has(n) ? [] : { family: 4 as const, value: FIRST + BigInt(n) },
  );
}

const EIGHT = 8;
const TWO_RANGES = network("net1", [
  { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.9", gateway: "10.1.2.1" },
  { subnet: "10.1.3.0/24", first: "10.1.3.1", last: "10.1.3.9", gateway: "10.1.3.1" },
]);

const isOfFirst = (address = "") => address.startsWith("10.1.2.");

describe("K240: the first of several ranges of a set is full", () => {
  test("an ADD through an agent takes from the next one in one round trip", async () => {
    const ended = await Crowd.live({ network: TWO_RANGES }, async (crowd) => {
      await crowd.startEach(EIGHT + 1);
      return crowd.startEach(EIGHT - 1);
    });
    expect(ended.map(({ trips }) => trips)).toEqual(Array(EIGHT - 1).fill(1));
  });

  test("what another node gives back there is found before the set counts as full", async () => {
    await Crowd.live({ network: TWO_RANGES, nodes: 2 }, async (crowd) => {
      const ended = await crowd.startEach(2 * EIGHT);
      const given = ended.find(({ node, address }) => node === crowd.nodes[1] && isOfFirst(address));
      await given?.node.del(given.container);
      expect(await crowd.startOn(0)).toMatchObject({ address: given?.address });
      expect(await crowd.startOn(0)).toMatchObject({ refused: "noFreeAddress" });
    });
  });

  test("what another node gives back there is found after a while, and what the own node gives back when it has cooled", async () => {
    await Crowd.live({ network: TWO_RANGES, nodes: 2 }, async (crowd) => {
      const ended = await crowd.startEach(EIGHT + 2);
      for (const index of [0, 1]) {
        const given = ended.find(({ node, address }) => node === crowd.nodes[index] && isOfFirst(address));
        await given?.node.del(given.container);
        await crowd.time.pause(120_000);
        expect(await crowd.startOn(0)).toMatchObject({ address: given?.address });
      }
    });
  });
});

describe("K241: many pods start at once on one node, where little is free", () => {
  test("they share the looks for the last addresses of a large range, and none chases another one's", async () => {
    for (const seed of [1, 2, 3]) {
      const all = await Crowd.live({ network: LARGE, taken: allBut(21, seed), seed }, async (crowd) => {
        await crowd.startOn(0);
        return crowd.start(20);
      });
      expect(new Set(addressesOf(all)).size).toBe(20);
      expect(meanTrips(all)).toBeLessThanOrEqual(2);
      expect(all.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
    }
  });

  test("one in a hundred free: they share looks that show enough for many", async () => {
    const all = await Crowd.live({ network: LARGE, taken: allBut(SIZE / 100) }, async (crowd) => {
      await crowd.startOn(0);
      return crowd.start(40);
    });
    expect(new Set(addressesOf(all)).size).toBe(40);
    expect(meanTrips(all)).toBeLessThanOrEqual(1.25);
  });
});

describe("K242: many ADDs of one node are refused at once", () => {
  test("each reads what it has itself, and they share one count of a large range, or one more", async () => {
    const { all, counted } = await Crowd.live({ network: LARGE, taken: allBut(1) }, async (crowd) => {
      await crowd.startOn(0);
      const before = crowd.counted;
      return { all: await crowd.start(40), counted: crowd.counted - before };
    });
    expect(all.every(({ refused }) => refused === "noFreeAddress")).toBe(true);
    expect(counted).toBeLessThanOrEqual(2);
    expect(meanTrips(all)).toBeLessThanOrEqual(1.25);
    for (const { trips } of all) expect(trips).toBeGreaterThanOrEqual(1);
  });

  test("one that begins after an address was given back gets it, whatever the others are told", async () => {
    for (let seed = 1; seed <= 8; seed += 1)
      await Crowd.live({ network: LARGE, taken: allBut(1), seed, nodes: 2 }, async (crowd) => {
        const held = await crowd.startOn(1);
        const refused = crowd.start(20);
        await crowd.time.pause(seed / 2);
        await held.node.del(held.container);
        const after = crowd.startOn(0);
        const got = addressesOf([...(await refused), await after]);
        expect(got).toEqual(held.address === undefined ? [] : [held.address]);
      });
  });
});

describe("K243: many pods of one namespace start at once against its share of a pool", () => {
  const QUOTA = { ...LARGE, policy: { pool: "db", maxPerNamespace: 5 } };

  test("they go one after the other, and the first count that finds it used is told to all", async () => {
    await Crowd.live({ network: QUOTA }, async (crowd) => {
      const first = await crowd.startOn(0);
      const all = await crowd.start(40);
      expect(addressesOf([first, ...all])).toHaveLength(5);
      expect(meanTrips(all)).toBeLessThanOrEqual(1.5);
      expect(Math.max(...all.map(({ trips }) => trips))).toBeLessThanOrEqual(4);
      const given = all.find(({ address }) => address !== undefined);
      await given?.node.del(given.container);
      expect(await crowd.startOn(0)).toMatchObject({ address: expect.any(String) });
      expect(await crowd.startOn(0)).toMatchObject({ refused: "noFreeAddress" });
    });
  });

  test("a share with room costs each two round trips, and no lost race", async () => {
    const all = await Crowd.live(
      { network: { ...QUOTA, policy: { pool: "db", maxPerNamespace: 100 } } },
      async (crowd) => {
        await crowd.startOn(0);
        return crowd.start(40);
      },
    );
    expect(addressesOf(all)).toHaveLength(40);
    expect(meanTrips(all)).toBeLessThanOrEqual(2.1);
    expect(all.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
  });
});
