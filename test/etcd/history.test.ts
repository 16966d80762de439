import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Change, Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { allocationRef, failureOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { type ProxyServer, startProxy } from "../kit/proxy.ts";
import { eventually } from "../kit/wait.ts";

const COUNT = 1700;

describe.each(ETCD_VERSIONS)("history in etcd %s", (version) => {
  let cluster: EtcdCluster;
  let door: ProxyServer;
  let store: Store;

  beforeAll(async () => {
    cluster = await startEtcd({ version });
    door = await startProxy(cluster.members[0]?.port ?? 0);
    store = await openEtcdStore(etcdSettings(cluster, { endpoints: [`http://127.0.0.1:${door.port}`] }));
    for (let start = 0; start < COUNT; start += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => take(start + index, "old"));
      const transaction = {
        guards: [],
        puts: batch.flatMap(({ puts }) => puts),
        deletes: [],
      };
      await store.commit(transaction, within(5000));
    }
  });

  afterAll(async () => {
    await store.close();
    await door[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  const revisionNow = async () => (await store.read({}, within(5000))).revision;
  const compact = async () => cluster.ctl("compact", String(await revisionNow()));
  /** Changes nothing that a listing of allocations could see. */
  const advance = () =>
    store.commit(
      {
        guards: [],
        puts: [{ ref: { kind: "meta" }, record: { version: 1, uuid: "u", state: "ready" } }],
        deletes: [],
      },
      within(5000),
    );

  test("that is compacted away while listing loses and repeats nothing", async () => {
    const seen: bigint[] = [];
    let compactions = 0;
    for await (const { ref } of store.list({ kind: "allocation", space: "s" }, within(20_000))) {
      seen.push(ref.address.value);
      if (seen.length % 400 !== 0) continue;
      await advance();
      await compact();
      compactions += 1;
    }
    expect(compactions).toBe(4);
    expect(seen).toEqual(Array.from({ length: COUNT }, (_, n) => allocationRef(n).address.value));
  });

  test("that is compacted away is lost to a watch", async () => {
    const { revision } = await store.read({}, within(5000));
    await advance();
    await advance();
    await compact();
    const { signal } = new AbortController();
    const changes = store.watch({ kind: "meta" }, revision, { signal })[Symbol.asyncIterator]();
    const failure = await failureOf(changes.next());
    expect(failure.kind).toBe("history-lost");
    expect(failure.message).toMatch(/^etcd keeps no changes before revision \d+$/);
  });

  test("that lies in the future is lost to a watch: the store was restored", async () => {
    const revision = await revisionNow();
    const { signal } = new AbortController();
    const changes = store.watch({ kind: "meta" }, revision + 1000, { signal })[Symbol.asyncIterator]();
    expect(await failureOf(changes.next())).toMatchObject({
      kind: "history-lost",
      message: `etcd is at revision ${revision}, before ${revision + 1000}: was it restored?`,
    });
  });

  test("is watched through cut connections, each change once and in order", async () => {
    const revision = await revisionNow();
    const stop = new AbortController();
    const seen: Change<"allocation">[] = [];
    const stands: boolean[] = [];
    const options = { signal: stop.signal, stands: (is: boolean) => void stands.push(is) };
    const watching = (async () => {
      for await (const change of store.watch({ kind: "allocation", space: "s" }, revision, options))
        seen.push(change);
    })();
    const writer = await openEtcdStore(etcdSettings(cluster));
    for (let n = 0; n < 30; n += 1) {
      const ref = allocationRef(COUNT + n);
      await writer.commit(take(COUNT + n, "new"), within(5000));
      await writer.commit({ guards: [], puts: [], deletes: [ref] }, within(5000));
      if (n % 7 === 3) door.cut();
    }
    await eventually(async () => (seen.length >= 60 ? true : undefined), 5000);
    stop.abort();
    await watching;
    expect(seen.map(({ ref, record }) => [ref.address.value, record !== undefined])).toEqual(
      Array.from({ length: 60 }, (_, index) => [
        allocationRef(COUNT + Math.floor(index / 2)).address.value,
        index % 2 === 0,
      ]),
    );
    // Each cut was told before the watch went on (K191).
    expect(stands.filter((is) => !is).length).toBeGreaterThan(1);
    expect(stands).toEqual(stands.map((_, index) => index % 2 === 0));
    const revisions = seen.map((change) => change.revision);
    expect(revisions).toEqual([...revisions].sort((one, other) => one - other));
    await writer.close();
  });

  test("cannot be watched when no endpoint is left", async () => {
    const lonely = await openEtcdStore(
      etcdSettings(cluster, { endpoints: [`http://127.0.0.1:${door.port}`], requestTimeoutMs: 500 }),
    );
    const { revision } = await lonely.read({}, within(5000));
    const { signal } = new AbortController();
    const next = lonely.watch({ kind: "meta" }, revision, { signal })[Symbol.asyncIterator]().next();
    const failed = failureOf(next);
    await Bun.sleep(200);
    await door.down();
    expect((await failed).kind).toBe("unavailable");
    await door.up();
    await lonely.close();
  });
});
