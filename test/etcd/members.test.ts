import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store, Transaction } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, type EtcdMember, startEtcd } from "../kit/etcd.ts";
import {
  allocationRecord,
  allocationRef,
  atOnce,
  failureOf,
  holderOf,
  take,
  within,
} from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

/** Three members with mutual TLS, one of which is always in trouble. */
describe("a cluster of three", () => {
  let cluster: EtcdCluster;
  let taken = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version: "3.6", tls: true, members: 3 });
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  const open = () => openEtcdStore(etcdSettings(cluster, { dialTimeoutMs: 1000, requestTimeoutMs: 5000 }));

  async function leader(): Promise<EtcdMember> {
    const answers: { Status: { leader: bigint; header: { member_id: bigint } } }[] = JSON.parse(
      await cluster.ctl("endpoint", "status", "-w", "json"),
    );
    const index = answers.findIndex(({ Status }) => Status.leader === Status.header.member_id);
    const member = cluster.members[index];
    if (member === undefined) throw new Error("expected a leader");
    return member;
  }

  test("serves while a frozen member takes connections and says nothing", async () => {
    for (const member of cluster.members) {
      const warm = await open();
      await warm.read({}, within(5000));
      member.freeze();
      const cold = await open();
      try {
        for (const store of [warm, cold]) {
          expect((await store.read({}, atOnce())).revision).toBeGreaterThan(0);
          taken += 1;
          expect(await store.commit(take(taken, "frozen"), within(8000))).toMatchObject({ won: true });
        }
      } finally {
        member.thaw();
      }
      await cluster.ready();
      await warm.close();
      await cold.close();
    }
  }, 40_000);

  test("leaves a write to a frozen member unknown, and reads it back elsewhere at once", async () => {
    for (const member of cluster.members) {
      const store = await openEtcdStore(
        etcdSettings(cluster, { endpoints: [member.endpoint, ...cluster.endpoints], requestTimeoutMs: 1500 }),
      );
      await store.read({}, within(5000));
      for (const each of cluster.members) each.freeze();
      taken += 1;
      expect((await failureOf(store.commit(take(taken, "frozen"), within(5000)))).kind).toBe(
        "unknown-outcome",
      );
      for (const each of cluster.members) if (each !== member) each.thaw();
      await Bun.sleep(1500);
      expect(["frozen", "absent"]).toContain((await holderOf(store, taken)) ?? "absent");
      member.thaw();
      await cluster.ready();
      await store.close();
    }
  }, 60_000);

  test("without a majority neither reads nor writes, in bounded time, and recovers", async () => {
    const store = await open();
    await store.read({}, within(5000));
    const [one, other] = cluster.members;
    await one?.kill();
    await other?.kill();
    expect((await failureOf(store.read({}, within(3000)))).kind).toBe("unavailable");
    const writing = await failureOf(store.commit(take(9999, "x"), within(3000)));
    expect(["unavailable", "unknown-outcome"]).toContain(writing.kind);
    one?.start();
    other?.start();
    await cluster.ready();
    expect((await store.read({}, within(8000))).revision).toBeGreaterThan(0);
    await store.close();
  }, 40_000);

  /**
   * Eight workers take and free addresses while the leader is killed again and again. Each keeps a
   * book of what it was told; unknown outcomes are read back, as RESOLVED demands.
   */
  test("keeps its word while its leader is killed in a loop", async () => {
    const end = performance.now() + 8_000;
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    const tally = { won: 0, lost: 0, unknown: 0, unavailable: 0, kills: 0 };
    const books = await Promise.all([
      ...Array.from({ length: 8 }, (_, index) => work(stores[index % 4] as Store, index, end, tally)),
      killLeaders(end, tally),
    ]);
    await cluster.ready();
    const store = await open();
    const held = new Map<bigint, string | undefined>();
    for await (const { ref, record } of store.list({ kind: "allocation", space: "s" }, within(10_000))) {
      held.set(ref.address.value, record.holders[0]?.requestId);
    }
    const kept = books.flatMap((book) => [...(book ?? [])]);
    for (const [address, requestId] of kept) expect(held.get(address)).toBe(requestId);
    const ours = [...held.values()].filter((requestId) => requestId?.startsWith("worker-"));
    expect(ours.sort()).toEqual(kept.map(([, requestId]) => requestId).sort());
    console.error(`leader killed ${tally.kills} times: ${JSON.stringify(tally)}`);
    expect(tally.kills).toBeGreaterThan(2);
    expect(tally.won).toBeGreaterThan(50);
    for (const open of [...stores, store]) await open.close();
  }, 60_000);

  interface Tally {
    won: number;
    lost: number;
    unknown: number;
    unavailable: number;
    kills: number;
  }

  async function killLeaders(end: number, tally: Tally): Promise<undefined> {
    while (performance.now() < end) {
      const victim = await leader().catch(() => undefined);
      if (victim !== undefined) {
        await victim.kill();
        tally.kills += 1;
        await Bun.sleep(700);
        victim.start();
      }
      await Bun.sleep(800);
    }
  }

  /** Answers what this worker holds at the end: address to request ID. */
  async function work(store: Store, index: number, end: number, tally: Tally): Promise<Map<bigint, string>> {
    const book = new Map<bigint, string>();
    for (let turn = 0; performance.now() < end; turn += 1) {
      const n = 20_000 + Math.floor(Math.random() * 200);
      const ref = allocationRef(n);
      const requestId = `worker-${index}-${turn}`;
      const mine = book.get(ref.address.value);
      const guard = mine === undefined ? 0 : await revisionOf(store, n);
      const change: Transaction =
        mine === undefined
          ? {
              guards: [{ ref, revision: 0 }],
              puts: [{ ref, record: allocationRecord(requestId) }],
              deletes: [],
            }
          : { guards: [{ ref, revision: guard }], puts: [], deletes: [ref] };
      const wrote = await resolved(store, change, n, mine === undefined ? requestId : undefined, tally);
      if (!wrote) continue;
      if (mine === undefined) book.set(ref.address.value, requestId);
      else book.delete(ref.address.value);
    }
    return book;
  }

  /** True where the change stands; waits as long as it takes to know. */
  async function resolved(
    store: Store,
    change: Transaction,
    n: number,
    wanted: string | undefined,
    tally: Tally,
  ): Promise<boolean> {
    const outcome = await store.commit(change, within(6000)).catch((failure) => failure.kind as string);
    if (typeof outcome === "object") {
      tally[outcome.won ? "won" : "lost"] += 1;
      return outcome.won;
    }
    if (outcome === "unavailable") {
      tally.unavailable += 1;
      return false;
    }
    expect(outcome).toBe("unknown-outcome");
    tally.unknown += 1;
    return (await patiently(() => holderOf(store, n))) === wanted;
  }

  async function revisionOf(store: Store, n: number): Promise<number> {
    const ref = allocationRef(n);
    return patiently(async () => (await store.read({ refs: [ref] }, within(6000))).get(ref)?.revision ?? 0);
  }

  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let round = 0; ; round += 1) {
      try {
        return await ask();
      } catch (failure) {
        if (round === 5) throw failure;
      }
    }
  }
});
