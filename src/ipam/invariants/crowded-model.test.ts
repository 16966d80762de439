import { expect, test } from "bun:test";
import { Crowd, type Ended } from "../../../test/kit/fleet/crowd.ts";
import { faultsOf } from "../../../test/kit/fleet/faults.ts";
import { networkOf } from "../../../test/kit/fleet/pool.ts";
import type { Network } from "../network.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { network } from "../testing/world.ts";

/**
 * Pods start and end at random on a few nodes whose pools are full most of the time, many at once. No address has two
 * owners, none leaks, and no ADD is told that nothing is free that others cannot have taken.
 */

const SEEDS = 250;
const STEPS = 30;

const SMALL = network("net1", [
  { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.13", gateway: "10.1.2.1" },
]);
const RANGES = network("net1", [
  { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.5", gateway: "10.1.2.1" },
  { subnet: "10.1.3.0/24", first: "10.1.3.1", last: "10.1.3.5", gateway: "10.1.3.1" },
  { subnet: "10.1.4.0/24", first: "10.1.4.1", last: "10.1.4.5", gateway: "10.1.4.1" },
]);
const LARGE = networkOf(9_000, 60);
const FIRST = LARGE.sets[0]?.ranges[0]?.dynamic.first.value ?? 0n;
/** Of the large range, so many are left. */
const LEFT = 12;

interface World {
  readonly network: Network;
  readonly taken?: ReturnType<typeof taken>;
}

function taken(random: () => number) {
  const left = new Set(Array.from({ length: LEFT }, () => Math.floor(random() * 9_000)));
  const all = Array.from({ length: 9_000 }, (_, n) => n);
  return all.flatMap((n) => (left.has(n) ? [] : { family: 4 as const, value: FIRST + BigInt(n) }));
}

function worldOf(seed: number, random: () => number): { world: World; size: number } {
  if (seed % 10 === 0) {
    const held = taken(random);
    return { world: { network: LARGE, taken: held }, size: 9_000 - held.length };
  }
  const quota = seed % 4 === 1 ? { policy: { pool: "db", maxPerNamespace: 6 } } : {};
  const of = seed % 2 === 0 ? RANGES : SMALL;
  return { world: { network: { ...of, ...quota } }, size: seed % 4 === 1 ? 6 : 12 };
}

/** Runs one life. @returns what went wrong, in words. */
async function live(seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const { world, size } = worldOf(seed, random);
  const faults: string[] = [];
  await Crowd.live({ ...world, nodes: 1 + (seed % 3), seed }, async (crowd) => {
    const owners = new Map<string, Ended>();
    /** Addresses that somebody has, or whose DEL has not ended. */
    let held = 0;
    const running = new Set<{ others: number }>();
    const start = async () => {
      // Those that run now, and those that begin before this one ends, may take what is free.
      const adding = { others: running.size };
      for (const each of running) each.others += 1;
      running.add(adding);
      const free = size - held;
      const ended = await crowd.startOn(Math.floor(random() * crowd.nodes.length));
      running.delete(adding);
      const { address, refused } = ended;
      if (refused !== undefined && refused !== "noFreeAddress") faults.push(`seed ${seed}: ${refused}`);
      if (refused !== undefined && free > adding.others)
        faults.push(`seed ${seed}: refused, where ${free} were free and ${adding.others} others ran`);
      if (address === undefined) return;
      if (owners.has(address)) faults.push(`seed ${seed}: ${address} was given out twice`);
      owners.set(address, ended);
      held += 1;
    };
    const end = async () => {
      const all = [...owners];
      const [address, pod] = all[Math.floor(random() * all.length)] ?? [];
      if (address === undefined || pod === undefined) return;
      owners.delete(address);
      await pod.node.del(pod.container);
      held -= 1;
    };
    const acts: Promise<void>[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      if (random() < 0.4) await crowd.time.pause(random() * 4);
      if (random() < 0.05) await crowd.time.pause(random() * 90_000);
      const many = random() < 0.3 ? 1 + Math.floor(random() * 15) : 1;
      for (let n = 0; n < many; n += 1) acts.push(random() < 0.6 ? start() : end());
    }
    await Promise.all(acts);
    if (world.taken !== undefined) return;
    const books = new Map([...owners].map(([address, { container }]) => [container, address]));
    for (const fault of await faultsOf(crowd.memory, books)) faults.push(`seed ${seed}: ${fault}`);
  });
  return faults;
}

test("K242: random crowds never share an address, leak none, and are refused only where nothing was free", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) expect(await live(seed)).toEqual([]);
}, 300_000);
