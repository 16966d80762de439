import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAddress } from "../../src/address/address.ts";
import type { Store } from "../../src/ipam/store-port.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { add, allocations, del, network } from "../../src/ipam/testing/world.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

const FIRST = 2;

/** The decisions of an ADD, on real etcd, over mutual TLS. */
describe("allocation through etcd", () => {
  let cluster: EtcdCluster;
  let round = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version: "3.6", tls: true });
  });

  beforeEach(() => {
    round += 1;
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  const settings = () => etcdSettings(cluster, { prefix: `/kube-ipam/v1/${round}` });
  /** 10.1.0.2 and so on, `size` addresses. */
  const lastOf = (size: number) => {
    const value = Number(parseAddress("10.1.0.0").value) + FIRST + size - 1;
    return [24, 16, 8, 0].map((shift) => (value >> shift) & 255).join(".");
  };
  const pool = (size: number) =>
    network("net1", [{ subnet: "10.1.0.0/16", first: "10.1.0.2", last: lastOf(size), gateway: "10.1.0.1" }]);

  async function runNodes(nodes: number, count: number, atOnce: number, size: number) {
    const processes = Array.from({ length: nodes }, (_, index) =>
      Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, "allocate-worker.ts"),
          JSON.stringify(settings()),
          `node${index}`,
          String(count),
          String(atOnce),
          lastOf(size),
        ],
        { stdout: "pipe", stderr: "inherit" },
      ),
    );
    const answers = await Promise.all(processes.map(async ({ stdout }) => JSON.parse(await stdout.text())));
    return {
      got: answers.flatMap(({ got }: { got: string[] }) => got),
      full: answers.reduce((sum: number, { full }: { full: number }) => sum + full, 0),
    };
  }

  async function expectAllGiven({ got, full }: { got: string[]; full: number }, asked: number, size: number) {
    expect(new Set(got).size).toBe(got.length);
    expect({ given: got.length, full }).toEqual({ given: size, full: asked - size });
    const store = await openEtcdStore(settings());
    const held = await allocations({ store, node: new FakeNode("n"), log: () => {}, random: Math.random });
    expect([...held.keys()].sort()).toEqual(got.map((text) => text.replace("/16", "")).sort());
    await store.close();
  }

  test("by 8 processes: of 1,000 ADDs for 600 addresses exactly 600 succeed", async () => {
    const begin = performance.now();
    const outcome = await runNodes(8, 125, 2, 600);
    console.error(`8 processes, 1,000 ADDs for 600 addresses: ${(performance.now() - begin).toFixed(0)} ms`);
    await expectAllGiven(outcome, 1000, 600);
  }, 90_000);

  test("by 64 callers of one process: of 1,000 ADDs for 600 addresses exactly 600 succeed", async () => {
    const begin = performance.now();
    const outcome = await runNodes(1, 1000, 64, 600);
    console.error(`64 callers, 1,000 ADDs for 600 addresses: ${(performance.now() - begin).toFixed(0)} ms`);
    await expectAllGiven(outcome, 1000, 600);
  }, 90_000);

  test("FLAT: takes two round trips in an empty pool and in one that is nearly full", async () => {
    const counted = countCalls(await openEtcdStore(settings()));
    const ports = { store: counted.store, node: new FakeNode("node1"), log: () => {}, random: Math.random };
    const asked = { network: pool(1000) };
    await add(ports, "first", asked);
    const calls: number[] = [];
    for (let n = 0; n < 998; n += 1) {
      counted.calls = 0;
      await add(ports, `c${n}`, asked);
      calls.push(counted.calls);
    }
    const most = (some: number[]) => Math.max(...some);
    console.error(
      `round trips: first hundred ${most(calls.slice(0, 100))}, last hundred ${most(calls.slice(-100))}`,
    );
    expect(most(calls.slice(0, 100))).toBe(2);
    expect(calls.slice(-100).reduce((sum, count) => sum + count, 0) / 100).toBeLessThan(2.5);
    await del(ports, "c500");
    await add(ports, "again", asked);
    await counted.store.close();
  }, 60_000);
});

/** Counts what goes to etcd: each read and commit is one round trip. */
function countCalls(store: Store) {
  const counted = {
    calls: 0,
    store: {
      ...store,
      read: (...call) => {
        counted.calls += 1;
        return store.read(...call);
      },
      commit: (...call) => {
        counted.calls += 1;
        return store.commit(...call);
      },
    } as Store,
  };
  return counted;
}
