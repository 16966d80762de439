import { describe, expect, test } from "bun:test";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { etcdStatus } from "../../src/store/etcd/status.ts";
import { startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { failureOf, holderOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

describe.each(ETCD_VERSIONS)("etcd %s restored from an older snapshot", (version) => {
  test("shows a lower revision, and loses the history of whoever watched (ONE-STORE)", async () => {
    await using cluster = await startEtcd({ version, members: 3 });
    const store = await openEtcdStore(etcdSettings(cluster));
    await store.commit(take(1, "before"), within(5000));
    const snapshot = await cluster.snapshot();
    for (let n = 2; n < 12; n += 1) await store.commit(take(n, "after"), within(5000));
    const { revision } = await store.read({}, within(5000));

    const { signal } = new AbortController();
    const watching = failureOf(
      store.watch({ kind: "allocation", space: "s" }, revision, { signal })[Symbol.asyncIterator]().next(),
    );
    await Bun.sleep(200);
    await cluster.restore(snapshot);

    expect((await watching).kind).toBeOneOf(["history-lost", "unavailable"]);
    const restored = await store.read({}, within(8000));
    expect(restored.revision).toBeLessThan(revision);
    expect(await holderOf(store, 1)).toBe("before");
    expect(await holderOf(store, 5)).toBeUndefined();
    await store.close();
  }, 40_000);
});

describe.each(ETCD_VERSIONS)("the status of etcd %s", (version) => {
  test("is told for each endpoint, also for those that say nothing", async () => {
    await using cluster = await startEtcd({ version, tls: true });
    const [endpoint = ""] = cluster.endpoints;
    const settings = etcdSettings(cluster, {
      endpoints: [endpoint, "https://127.0.0.1:1"],
      requestTimeoutMs: 500,
    });
    const [living, dead] = await etcdStatus(settings, within(2000));
    expect(living).toMatchObject({ endpoint, leader: true, errors: [] });
    expect(living).toHaveProperty(
      "version",
      expect.stringMatching(new RegExp(`^${version.replace(".", "\\.")}\\.`)),
    );
    expect(living).toHaveProperty("size", expect.any(Number));
    if (version !== "3.4") expect(living).toHaveProperty("quota", 2 ** 31);
    expect(dead).toMatchObject({
      endpoint: "https://127.0.0.1:1",
      failure: {
        kind: "unavailable",
        message: "etcd cannot be reached: https://127.0.0.1:1: connection refused",
      },
    });
  });
});
