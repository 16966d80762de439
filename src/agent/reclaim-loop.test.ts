import { expect, test } from "bun:test";
import { IpamError } from "../ipam/errors.ts";
import type { FakeNode } from "../ipam/testing/fake-node.ts";
import { add, attachment, createWorld } from "../ipam/testing/world.ts";
import { useScratch } from "../node/test-kit/scratch.ts";
import type { Metrics } from "./events/metrics.ts";
import { ReclaimLoop } from "./reclaim-loop.ts";
import type { Lender } from "./warm/lend-ports.ts";

const scratch = useScratch();

/** An agent of one node; `run` is one round of its, after the change, and answers what that told. */
function agent(change: (node: FakeNode) => void, everyMs = 0) {
  const world = createWorld();
  const node = world.node("n1");
  const ports = world.ports(node);
  const log: string[] = [];
  const reclaimed: number[] = [];
  const keptStores: string[][] = [];
  const metrics = {
    storeSuspect: () => undefined,
    storeConflicts: () => undefined,
    keepStores: (stores: ReadonlySet<string>) => void keptStores.push([...stores]),
    reclaimed: { inc: (count: number) => void reclaimed.push(count) },
  } as unknown as Metrics;
  const configuration = { node: { dataDir: scratch(), cniCacheDir: scratch() }, store: {} };
  const stirs: (() => void)[] = [];
  const rounds = Promise.withResolvers<void>();
  const lender = {
    onStir: (stirred: () => void) => void stirs.push(stirred),
    known: () => [configuration],
    lendBetweenVerbs: async () => ({ ...ports, close: async () => undefined }),
    identityOf: async () => undefined,
    closeIdle: async () => rounds.resolve(),
  } as unknown as Lender;
  const say = (level: string, message: string) => void log.push(`${level} ${message}`);
  const loop = new ReclaimLoop(lender, metrics, say, everyMs);
  const run = async () => {
    change(node);
    loop.start();
    for (const stir of stirs) stir();
    await rounds.promise;
    await loop.stop();
    return { log, reclaimed, keptStores };
  };
  return { node, ports, run };
}

test("a node whose memory of the store is damaged looks at nothing, but frees what is dead", async () => {
  const { node, ports, run } = agent((machine) => {
    machine.removeNamespace("/run/netns/c1");
    machine.storeMemory.spaces = () => {
      throw new IpamError("io", "damaged", "remove it");
    };
  });
  await add(ports, "c1");
  const { log, reclaimed } = await run();
  expect(reclaimed).toEqual([1]);
  expect(node.journal.read(attachment("c1"))).toBeUndefined();
  expect(log).toContain("warn cannot look at the store, or for dead sandboxes");
});

test("a look in between frees nothing: that waits for its round", async () => {
  const { node, ports, run } = agent((machine) => machine.removeNamespace("/run/netns/c1"), 60_000);
  await add(ports, "c1");
  expect((await run()).reclaimed).toEqual([]);
  expect(node.journal.read(attachment("c1"))).toBeDefined();
});

test("K236: each round forgets what was told of stores that the agent does not know any more", async () => {
  const { run } = agent(() => undefined);
  const { keptStores } = await run();
  expect(keptStores.at(-1)?.map((name) => JSON.parse(name)[1])).toEqual([{}]);
});
