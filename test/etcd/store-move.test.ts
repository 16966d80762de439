import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { beginMove, type Pair, stopSource } from "../../src/ipam/moving/states.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { Books } from "../kit/books.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** `kube-ipam store move` from one real etcd to another, with two machines whose pods live. */

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.2.0/24", coolingSeconds: 0 },
};
const PATIENCE = 180_000;
const soon = () => ({ deadline: performance.now() + 15_000 });

describe.each(ETCD_VERSIONS.slice(0, 1))("store move between two etcds %s", (version) => {
  let old: EtcdCluster;
  let other: EtcdCluster;
  let first: AgentNode;
  let second: AgentNode;
  let books: Books;

  beforeEach(async () => {
    [old, other] = [await startEtcd({ version }), await startEtcd({ version })];
    books = new Books();
    [first, second] = ["n1", "n2"].map((name) => new AgentNode(name, old.folder, keysOf(old), NETWORK)) as [
      AgentNode,
      AgentNode,
    ];
    for (const etcd of [old, other]) writeFileSync(fileOf(etcd), JSON.stringify(keysOf(etcd)));
  }, PATIENCE);
  afterEach(async () => {
    for (const each of [first, second, old, other]) await each[Symbol.asyncDispose]();
  });

  const keysOf = ({ endpoints }: EtcdCluster) => ({ etcdConfig: { etcdURL: endpoints.join(",") } });
  const fileOf = ({ folder }: EtcdCluster) => folder.file("store.json");
  const stored = (etcd: EtcdCluster) => listAllocations(() => openEtcdStore(etcdSettings(etcd)));

  async function move(...flags: string[]): Promise<string> {
    const finished = await first.command([
      "store",
      "move",
      "--config",
      fileOf(old),
      "--to",
      fileOf(other),
      ...flags,
    ]);
    expect(`${finished.exitCode} ${finished.exitCode === 0 ? "" : finished.stderr}`).toBe("0 ");
    return finished.stdout;
  }

  /** What an operator rolls out: the node's file, and the agent anew. */
  async function give(etcd: EtcdCluster, node: AgentNode): Promise<void> {
    await node.stopAgent();
    const own = JSON.parse(readFileSync(node.configPath, "utf8"));
    writeFileSync(node.configPath, JSON.stringify({ ...own, ...keysOf(etcd) }));
    await node.startAgent();
  }

  /** The first steps of the command, which ends there as one that is killed does. */
  async function stopped(work: (pair: Pair) => Promise<void>): Promise<void> {
    const [source, target] = [
      await openEtcdStore(etcdSettings(old)),
      await openEtcdStore(etcdSettings(other)),
    ];
    try {
      await work({ source, target });
    } finally {
      await source.close();
      await target.close();
    }
  }

  test(
    "K328: a DEL while the old store is stopped, and an agent that is off all the time",
    async () => {
      await first.startAgent();
      await books.add(first, "a1");
      await books.add(first, "a2");
      await books.add(second, "b1", "IP=10.1.2.40");
      await stopped(async (pair) => stopSource(await beginMove(pair, soon), pair, soon));
      expect((await first.tryAdd("a3")).exitCode).not.toBe(0);
      expect((await first.tryDel("a2")).exitCode).not.toBe(0);
      await first.forget("a2");
      books.ended("a2");

      await move();
      await give(other, first);
      await books.addSoon(first, "a3");
      // The DEL that was kept, or its namespace: the address is free where the address spaces live.
      await eventually(
        async () => (books.faults(await stored(other)).length === 0 ? true : undefined),
        60_000,
      );
      // The other node knows nothing of the move yet. What it has nobody gets, and it gets nothing.
      expect((await first.tryAdd("thief", "IP=10.1.2.40")).exitCode).not.toBe(0);
      expect((await second.tryAdd("b2")).stdout).toContain("address spaces live in");
      await give(other, second);
      await books.end(second, "b1");
      await books.addSoon(second, "b2");
      expect(books.faults(await stored(other))).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "K329: taken back after each step, pods go on with the old store; then another move takes along what changed",
    async () => {
      await books.add(first, "a1");
      const steps: readonly ((pair: Pair) => Promise<unknown>)[] = [
        (pair) => beginMove(pair, soon),
        async (pair) => stopSource(await beginMove(pair, soon), pair, soon),
      ];
      for (const [n, step] of steps.entries()) {
        await stopped(async (pair) => void (await step(pair)));
        const before = await first.tryAdd(`before-${n}`);
        expect(before.exitCode === 0).toBe(n === 0);
        if (n === 0) books.gave(`before-${n}`, JSON.parse(before.stdout));
        expect(JSON.parse(await move("--abort", "-o", "json"))).toMatchObject({ takenBack: true });
        await books.add(first, `after-${n}`);
        expect(books.faults(await stored(old))).toEqual([]);
      }
      await books.end(first, "a1");
      const { records } = JSON.parse(await move("-o", "json"));
      expect(records).toMatchObject({ allocation: 3, attachment: 3 });
      await give(other, first);
      await books.addSoon(first, "last");
      expect(books.faults(await stored(other))).toEqual([]);
    },
    PATIENCE,
  );
});
