import { afterEach, expect, test } from "bun:test";
import { importedId } from "../ipam/free/adopt.ts";
import { announceImport } from "../ipam/integrity/announce-import.ts";
import type { AttachmentRecord } from "../ipam/records.ts";
import { refTo } from "../ipam/ref-to.ts";
import { add, named } from "../ipam/testing/world.ts";
import { useScratch } from "../node/test-kit/scratch.ts";
import { type QuietAgentOptions, startQuietAgent } from "./testing/quiet-agent.ts";

/** What the rounds of an agent ask of its store, counted. */

const scratch = useScratch();
const soon = () => ({ deadline: performance.now() + 10_000 });

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

async function quietAgent(options: Partial<QuietAgentOptions> = {}) {
  const agent = await startQuietAgent({ folder: scratch(), ...options });
  ended.push(agent.stop);
  return agent;
}

test("K192: a round of an idle agent asks the store for nothing", async () => {
  const { round } = await quietAgent();
  for (let n = 0; n < 4; n++) expect(await round()).toEqual([]);
});

test("K192: an hour of an idle agent costs its store about three requests a minute, of which one raises the epoch", async () => {
  const { round } = await quietAgent();
  const counts = new Map<string, number>();
  for (let n = 0; n < 720; n++)
    for (const asked of await round()) counts.set(asked, (counts.get(asked) ?? 0) + 1);
  // A look every 30 seconds, give or take a quarter and a round; what lists all of a node's does so every ten minutes.
  expect(counts.get("read")).toBeWithin(100, 170);
  expect(counts.get("commit")).toBeWithin(45, 81);
  expect(counts.get("list attachment")).toBeWithin(15, 24);
  expect([...counts.keys()].sort()).toEqual(["commit", "list attachment", "read"]);
});

test("K192: where nobody watches the store's identity, each round looks", async () => {
  const { round } = await quietAgent({ watches: false });
  for (let n = 0; n < 3; n++) expect(await round()).toEqual(["read"]);
});

test("K192: an epoch that another node raises is remembered without a look, and known to have fallen", async () => {
  const { identity, node, raiseEpoch, round, store, suspect } = await quietAgent();
  const saved = store.save();
  const epoch = await raiseEpoch();
  expect(epoch).toBe(1);
  expect(await round()).toEqual([]);
  expect(node.storeMemory.recall("default")?.epoch).toBe(epoch);
  // Neither the revision nor a holding tells it.
  store.restore(saved, { movedOn: true });
  while (identity?.stands !== true) await Bun.sleep(1);
  await round();
  expect(suspect.at(-1)).toBe(true);
});

test("K192: a store that was thrown back is looked at once its watch stands again", async () => {
  const { identity, n1, round, store, suspect } = await quietAgent();
  const saved = store.save();
  await add(n1, "c3", { wish: named("10.1.2.77") });
  const news = identity?.news;
  store.restore(saved, { movedOn: true });
  while (identity?.news === news) await Bun.sleep(1);
  await round();
  expect(suspect.at(-1)).toBe(true);
  // While a store is under suspicion, each round looks.
  expect(await round()).toContain("read");
});

test("K193: an import makes the next round list this node's attachments, once", async () => {
  const { identity, n1, round } = await quietAgent();
  await announceImport(n1, soon());
  while (identity?.present?.record.imports === undefined) await Bun.sleep(1);
  expect(await round(20)).toEqual(["read", "list attachment"]);
  expect(await round(20)).toEqual([]);
});

test("K193: while an imported attachment lacks what the runtime may tell later, it is looked for every 20 seconds", async () => {
  const { n1, round, store } = await quietAgent();
  const attachment = { network: "net1", container: "foreign", ifname: "eth0" };
  const record: AttachmentRecord = {
    version: 1,
    space: "default",
    addresses: [],
    prefixes: [],
    gateways: [],
    origin: "dynamic",
    holder: {
      attachment,
      node: "n1",
      nodeVerified: false,
      bootId: "",
      namespace: { path: "" },
      requestId: importedId("whereabouts", "foreign"),
    },
  };
  const put = { ref: refTo.attachment("n1", attachment), record };
  await store.commit({ guards: [], puts: [put], deletes: [] }, soon());
  await announceImport(n1, soon());
  const lists: boolean[] = [];
  for (let n = 0; n < 5; n++) lists.push((await round(20)).includes("list attachment"));
  expect(lists).toEqual([true, true, true, true, true]);
});

test("K192: what is dead is freed in the next round, however quiet the store is", async () => {
  const { node, round, store } = await quietAgent();
  node.removeNamespace("/run/netns/c1");
  expect(await round()).toContain("commit");
  const ref = refTo.attachment("n1", { network: "net1", container: "c1", ifname: "eth0" });
  expect((await store.read({ refs: [ref] }, soon())).get(ref)).toBeUndefined();
  expect(await round()).toEqual([]);
});
