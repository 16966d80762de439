import { describe, expect, test } from "bun:test";
import type { AllocationRecord } from "../../src/ipam/records.ts";
import type { Snapshot, Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { allocationRecord, allocationRef, coolingPut, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

const KEYS = 12;
const CALLERS = 64;
const TURNS = 30;

/** Counters in the records of addresses: transactions that overlap must end as if one after another. */
describe.each(ETCD_VERSIONS)("64 callers of one store, and 64 of another, on etcd %s", (version) => {
  const counter = (snapshot: Snapshot, n: number) => {
    const found = snapshot.get(allocationRef(n));
    return { value: Number(found?.record.holders[0]?.requestId ?? 0), revision: found?.revision ?? 0 };
  };
  const counted = (value: number): AllocationRecord => allocationRecord(String(value));

  /** Adds one to two counters at once, if neither changed; answers which, or nothing. */
  async function addToTwo(store: Store): Promise<readonly number[]> {
    const first = Math.floor(Math.random() * KEYS);
    const second = (first + 1 + Math.floor(Math.random() * (KEYS - 1))) % KEYS;
    const both = [first, second];
    const refs = both.map(allocationRef);
    const snapshot = await store.read({ refs }, within(10_000));
    const outcome = await store.commit(
      {
        guards: both.map((n) => ({ ref: allocationRef(n), revision: counter(snapshot, n).revision })),
        puts: both.map((n) => ({ ref: allocationRef(n), record: counted(counter(snapshot, n).value + 1) })),
        deletes: [],
        otherwise: { refs },
      },
      within(10_000),
    );
    if (!outcome.won && outcome.snapshot !== undefined) {
      const seen = outcome.snapshot;
      const changed = both.some((n) => counter(seen, n).revision !== counter(snapshot, n).revision);
      expect(changed).toBe(true);
    }
    return outcome.won ? both : [];
  }

  test("lose no update and find no guard broken without reason", async () => {
    await using cluster = await startEtcd({ version, tls: true });
    const stores = await Promise.all([1, 2].map(() => openEtcdStore(etcdSettings(cluster))));
    const wins = Array.from({ length: KEYS }, () => 0);
    await Promise.all(
      Array.from({ length: CALLERS * 2 }, async (_, caller) => {
        const store = stores[caller % 2] as Store;
        for (let turn = 0; turn < TURNS; turn += 1) {
          for (const n of await addToTwo(store)) wins[n] = (wins[n] ?? 0) + 1;
        }
      }),
    );
    const all = Array.from({ length: KEYS }, (_, n) => n);
    const [store] = stores as [Store];
    const end = await store.read({ refs: all.map(allocationRef) }, within(10_000));
    expect(all.map((n) => counter(end, n).value)).toEqual(wins);
    expect(wins.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200);
    for (const open of stores) await open.close();
  }, 60_000);

  test("share out exactly as many addresses as there are", async () => {
    await using cluster = await startEtcd({ version, tls: true });
    const stores = await Promise.all([1, 2].map(() => openEtcdStore(etcdSettings(cluster))));
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, request) =>
        (stores[request % 2] as Store).commit(take(request % 250, `r${request}`), within(20_000)),
      ),
    );
    expect(outcomes.filter(({ won }) => won)).toHaveLength(250);
    for (const open of stores) await open.close();
  }, 60_000);

  test("cannot both pass where each guards what the other writes", async () => {
    await using cluster = await startEtcd({ version });
    const store = await openEtcdStore(etcdSettings(cluster));
    const takeUnless = (n: number, other: number) => ({
      ...take(n, "one"),
      guards: [allocationRef(n), allocationRef(other)].map((ref) => ({ ref, revision: 0 })),
    });
    const pairs = Array.from({ length: 100 }, (_, n) => [
      takeUnless(2 * n, 2 * n + 1),
      takeUnless(2 * n + 1, 2 * n),
    ]);
    const outcomes = await Promise.all(
      pairs.flat().map((transaction) => store.commit(transaction, within(20_000))),
    );
    expect(outcomes.filter(({ won }) => won)).toHaveLength(100);
    await store.close();
  }, 30_000);

  test("that cool addresses share leases, also when one lease vanished", async () => {
    await using cluster = await startEtcd({ version });
    const store = await openEtcdStore(etcdSettings(cluster));
    const cool = (n: number) =>
      store.commit({ guards: [], puts: [coolingPut(n, 60)], deletes: [] }, within(10_000));
    const leases = async () =>
      (await cluster.ctl("lease", "list")).split("\n").filter((line) => /^[0-9a-f]{16}$/.test(line));
    await Promise.all(Array.from({ length: 50 }, (_, n) => cool(n)));
    const [lease = "", ...further] = await leases();
    expect(further).toEqual([]);
    await cluster.ctl("lease", "revoke", lease);
    expect(await Promise.all(Array.from({ length: 20 }, (_, n) => cool(n)))).toHaveLength(20);
    const span = { space: "s", first: allocationRef(0).address, last: allocationRef(99).address };
    expect((await store.read({ counts: [span] }, within(5000))).counts[0]?.cooling).toBe(20);
    await store.close();
  }, 30_000);
});
