import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { killedAtChange } from "../kit/trace.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md K11 and K13: a process that dies at any point leaves whole state or none (ONE-STEP). */

const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]] };

/** More changing system calls than any verb makes; the loops end earlier, at the first run that survives. */
const MOST = 400;

ours(
  "K11",
  "an ADD killed at each of its writes in turn leaves whole state or none",
  async (world) => {
    const net = world.network(DUAL);
    for (let nth = 1; nth < MOST; nth += 1) {
      const call = { container: `c${nth}` };
      const finished = await world.run("ADD", net, call, { prefix: killedAtChange(nth) });
      await expectWhole(world);
      // Some runtimes try again, others give up and send a DEL.
      if (nth % 2 === 0) expect(addressesOf(await world.add(net, call)).length).toBe(2);
      await expectWhole(world);
      await world.del(net, call);
      expect(await world.held()).toEqual([]);
      if (finished.signal === null && finished.exitCode === 0) return;
    }
    throw new Error(`expected ADD to make fewer than ${MOST} writes`);
  },
  { limit: 240_000 },
);

ours(
  "K11",
  "a DEL killed at each of its writes in turn frees when it comes again",
  async (world) => {
    const net = world.network(DUAL);
    for (let nth = 1; nth < MOST; nth += 1) {
      const call = { container: `c${nth}` };
      await world.add(net, call);
      const finished = await world.run("DEL", net, call, { prefix: killedAtChange(nth) });
      await expectWhole(world);
      await world.del(net, call);
      expect(await world.held()).toEqual([]);
      if (finished.signal === null && finished.exitCode === 0) return;
    }
    throw new Error(`expected DEL to make fewer than ${MOST} writes`);
  },
  { limit: 240_000 },
);

ours(
  "K11",
  "ADDs killed after random times, 12 at once, leave nothing that DEL cannot free",
  async (world) => {
    const net = world.network(DUAL);
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => killedLater(world, net, `r${round}c${n}`, 5 + 6 * n)),
      );
      await expectWhole(world);
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => world.del(net, { container: `r${round}c${n}` })),
      );
      expect(await world.held()).toEqual([]);
    }
  },
);

async function killedLater(world: World, net: Configuration, container: string, milliseconds: number) {
  await world.run(
    "ADD",
    net,
    { container },
    {
      started: (process) => setTimeout(() => process.kill("SIGKILL"), milliseconds),
    },
  );
}

/** Every attachment in the store has both of its addresses. */
async function expectWhole(world: World): Promise<void> {
  // Kubernetes shows each object as of a moment of its own: what an agent is about to end may be seen by half.
  const looks = world.subject.cluster ? 50 : 1;
  for (let look = 1; ; look += 1) {
    const held = await world.held();
    expect(new Set(held.map((each) => each.address)).size).toBe(held.length);
    const halves = [...Map.groupBy(held, (each) => each.container).values()].filter(
      ({ length }) => length !== 2,
    );
    if (halves.length === 0) return;
    if (look === looks) throw new Error(`expected both addresses of each, got ${JSON.stringify(halves)}`);
    await Bun.sleep(20);
  }
}
