import { beforeAll, describe, expect, test } from "bun:test";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { refused } from "../kit/cni.ts";
import { etcdBinaries } from "../kit/etcd-binaries.ts";
import { BUMPED, type Restoring } from "../kit/etcd-restore.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { pairOnKubernetes } from "../kit/pair-store.ts";
import { expectNoticedByAdd, expectNoticedByAgents } from "../kit/pair-thrown-back.ts";
import type { Running } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/** Two machines on a real API server whose etcd is restored from a backup, with and without a bump of its revision. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`a restored API server: ${missing}`, () => {});

const LIMIT = 120_000;

/** A life after the backup, which only the first node has seen. */
const LATER = { one: ["b1", "b2", "b3"] };

const ALONE: [Way, Way] = ["plugin", "plugin"];
const MIXED: [Way, Way] = ["agent", "plugin"];

describe.skipIf(missing !== undefined)("a restored API server", () => {
  const store = clusterStoreOfFile();
  beforeAll(() => etcdBinaries("3.6"), LIMIT);

  const open = (ways?: [Way, Way]) => Pair.open(pairOnKubernetes(store().kubernetes), ways);

  /** As the guides say: the API server is stopped meanwhile, because it would go on with what it remembers. */
  async function restore(snapshot: string, how: Restoring): Promise<void> {
    const { apiServer, ownEtcd } = store().kubernetes;
    await apiServer.stop();
    await ownEtcd.restore(snapshot, how);
    await apiServer.start();
  }

  /** And as it happens. */
  const restoreBehind = (snapshot: string, how: Restoring) =>
    store().kubernetes.ownEtcd.restore(snapshot, how);

  describe.each([
    ["with a bump", BUMPED, [ALONE, MIXED], restore],
    ["without a bump", {}, [ALONE], restore],
    ["with a bump, behind an API server that goes on", BUMPED, [ALONE, MIXED], restoreBehind],
  ] as const)("K287: %s", (_, how, ways, restoring) => {
    test.each(ways.map((each) => [...each] as [Way, Way]))(
      "stops both nodes with the next ADD of the busy one, and recover brings all back (%s, %s)",
      async (first, second) => {
        await using pair = await open([first, second]);
        await expectNoticedByAdd(pair, LATER, (snapshot) => restoring(snapshot, how));
      },
      LIMIT,
    );

    test(
      "is noticed by agents of quiet nodes, who write again what is lost, and recover ends it",
      async () => {
        await using pair = await open(["agent", "agent"]);
        await expectNoticedByAgents(pair, LATER, (snapshot) => restoring(snapshot, how));
      },
      LIMIT,
    );
  });

  test(
    "K287: without a bump, behind an API server that goes on and remembers what is gone: nothing is given out twice, and its next start tells",
    async () => {
      await using pair = await open(["agent", "plugin"]);
      const snapshot = await pair.liveOn(LATER);
      await restoreBehind(snapshot, {});
      for (const container of ["c1", "c2"]) {
        const refusal = refused(await pair.one.tryAdd(container));
        expect(refusal.code).toBeOneOf([11, 106]);
        await pair.one.end(container);
      }
      const other = await pair.two.tryAdd("y");
      if (other.exitCode === 0) pair.gave("y", other);
      else await pair.two.end("y");
      expect((await pair.faults()).filter((each) => each.startsWith("duplicate"))).toEqual([]);
      await store().kubernetes.apiServer.stop();
      await store().kubernetes.apiServer.start();
      expect(await pair.refused(pair.one)).toStartWith("106 ");
      await pair.expectStopped();
      await pair.expectRecovered();
    },
    LIMIT,
  );

  test(
    "K288: ADDs that stand still at any point while it is restored give nothing out twice",
    async () => {
      await using pair = await open();
      const snapshot = await pair.liveOn({ one: ["b1"], two: ["y1"] });
      const paused: Running[] = [];
      const pauseLater = (milliseconds: number) => (process: Running) => {
        setTimeout(() => {
          process.kill("SIGSTOP");
          paused.push(process);
        }, milliseconds);
      };
      const adds = Array.from({ length: 8 }, async (_, n) => {
        const node = n % 2 === 0 ? pair.one : pair.two;
        const finished = await node.tryAdd(`p${n}`, "", { started: pauseLater(100 + 60 * n) });
        if (finished.exitCode === 0) return pair.gave(`p${n}`, finished);
        expect(refused(finished).code).toBeOneOf([11, 106]);
        await pair.end(node, `p${n}`);
      });
      await eventually(async () => paused.length === adds.length || undefined);
      await restoreBehind(snapshot, BUMPED);
      for (const process of paused) process.kill("SIGCONT");
      await Promise.all(adds);
      expect(await pair.refused(pair.one)).toStartWith("106 ");
      await pair.expectStopped();
      await pair.expectRecovered();
    },
    LIMIT,
  );
});
