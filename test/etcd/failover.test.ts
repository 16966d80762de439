import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { atOnce, failureOf, holderOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { type ProxyServer, startProxy } from "../kit/proxy.ts";

/** One etcd behind four doors, each of which can be broken by itself. */
describe("endpoints", () => {
  let cluster: EtcdCluster;
  let doors: readonly ProxyServer[];
  let taken = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version: "3.4" });
    const port = cluster.members[0]?.port ?? 0;
    doors = await Promise.all([1, 2, 3, 4].map(() => startProxy(port)));
  });

  beforeEach(async () => {
    for (const door of doors) {
      door.mode = "pass";
      door.delayMs = 0;
      await door.down();
      await door.up();
    }
  });

  afterAll(async () => {
    await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()));
    await cluster[Symbol.asyncDispose]();
  });

  const endpointOf = (door: ProxyServer | undefined) => `http://127.0.0.1:${door?.port}`;
  const open = (changes = {}) =>
    openEtcdStore(etcdSettings(cluster, { endpoints: doors.map(endpointOf), ...changes }));

  /** Milliseconds of opening a store, reading and taking an address. */
  async function cold(): Promise<number> {
    const store = await open();
    const begin = performance.now();
    await store.read({}, within(5000));
    taken += 1;
    expect(await store.commit(take(taken, "cold"), within(5000))).toMatchObject({ won: true });
    await store.close();
    return performance.now() - begin;
  }

  test("that refuse cost milliseconds", async () => {
    for (const door of doors.slice(1)) await door.down();
    const times: number[] = [];
    for (let round = 0; round < 7; round += 1) times.push(await cold());
    // Not even the pause after which the next endpoint is tried beside a silent one (400 ms).
    expect(Math.min(...times)).toBeLessThan(400);
  });

  test("that are silent cost less than two seconds, even three of four", async () => {
    for (const door of doors.slice(1)) door.mode = "silent";
    const times: number[] = [];
    for (let round = 0; round < 4; round += 1) times.push(await cold());
    expect(Math.min(...times)).toBeLessThan(1800);
  });

  test("are used in an order that differs from process to process", async () => {
    const before = doors.map((door) => door.accepted);
    for (let round = 0; round < 60; round += 1) await cold();
    const used = doors.map((door, index) => door.accepted - (before[index] ?? 0));
    for (const count of used) expect(count).toBeGreaterThan(3);
  });

  test("that break between two calls are left for another", async () => {
    const store = await open();
    for (const broken of [...doors, ...doors]) {
      await broken.down();
      expect((await store.read({}, within(5000))).revision).toBeGreaterThan(0);
      await broken.up();
    }
    await store.close();
  });

  test("that fall silent with a connection open do not cost a read its deadline", async () => {
    const store = await open();
    await store.read({}, within(5000));
    const used = doors.filter((door) => door.connections > 0);
    expect(used).toHaveLength(1);
    for (const door of used) door.mode = "silent";
    expect((await store.read({}, atOnce())).revision).toBeGreaterThan(0);
    await store.read({}, atOnce());
    await store.close();
  });

  test("that are slow are waited for", async () => {
    for (const door of doors) door.delayMs = 150;
    const store = await open();
    expect((await store.read({}, within(5000))).revision).toBeGreaterThan(0);
    taken += 1;
    expect(await store.commit(take(taken, "slow"), within(5000))).toMatchObject({ won: true });
    expect(await holderOf(store, taken)).toBe("slow");
    await store.close();
  });

  test("that are all down fail within the request time-out, and serve again once they are up", async () => {
    const store = await open({ requestTimeoutMs: 1000 });
    await store.read({}, within(5000));
    for (const door of doors) await door.down();
    const failure = await failureOf(store.read({}, atOnce()));
    expect(failure.kind).toBe("unavailable");
    expect(failure.message).toMatch(
      /^etcd cannot be reached: (http:\/\/127\.0\.0\.1:\d+(, )?){4}: connection refused$/,
    );
    expect((await failureOf(store.commit(take(1, "x"), within(500)))).kind).toBe("unavailable");
    for (const door of doors) await door.up();
    expect((await store.read({}, within(5000))).revision).toBeGreaterThan(0);
    await store.close();
  });

  test("are given up at the caller's deadline", async () => {
    for (const door of doors) door.mode = "silent";
    const store = await open();
    expect((await failureOf(store.read({}, within(300)))).kind).toBe("unavailable");
    await store.close();
  });

  test("may be names, and IPv6 literals", async () => {
    const port = cluster.members[0]?.port;
    const named = await openEtcdStore(etcdSettings(cluster, { endpoints: [`http://localhost:${port}`] }));
    expect((await named.read({}, within(5000))).revision).toBeGreaterThan(0);
    await named.close();
    await using six = await startEtcd({ version: "3.4", host: "::1" });
    expect(six.endpoints[0]).toStartWith("http://[::1]:");
    const literal = await openEtcdStore(etcdSettings(six));
    expect((await literal.read({}, within(5000))).revision).toBeGreaterThan(0);
    await literal.close();
  });

  test("with a name that nobody knows are named", async () => {
    const settings = etcdSettings(cluster, {
      endpoints: ["http://etcd.invalid:2379"],
      requestTimeoutMs: 3000,
    });
    const store = await openEtcdStore(settings);
    expect(await failureOf(store.read({}, within(10_000)))).toEqual({
      kind: "unavailable",
      message: "etcd cannot be reached: http://etcd.invalid:2379: the host name cannot be resolved",
      remedy: "try again; check that etcd runs and that this node can reach it",
    });
    await store.close();
  });

  test("are not asked after the store was closed", async () => {
    const store = await open();
    await store.read({}, within(5000));
    await store.close();
    expect((await failureOf(store.read({}, within(5000)))).message).toBe("the store is closed");
  });
});
