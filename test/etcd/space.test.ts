import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { allocationRef, atOnce, coolingPut, failureOf, holderOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

const QUOTA = 2 * 2 ** 20;

describe.each(ETCD_VERSIONS)("a full etcd %s", (version) => {
  let cluster: EtcdCluster;
  let store: Store;
  let taken = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version, flags: [`--quota-backend-bytes=${QUOTA}`] });
    store = await openEtcdStore(etcdSettings(cluster));
    await fill();
  });

  afterAll(async () => {
    await store.close();
    await cluster[Symbol.asyncDispose]();
  });

  /** Takes addresses with long request IDs until etcd has no space left. */
  async function fill(): Promise<void> {
    for (; taken < 200; taken += 1) {
      const outcome = await store
        .commit(take(taken + 1, "x".repeat(50_000)), within(5000))
        .catch((e) => e.kind);
      if (outcome === "no-space") return;
    }
    throw new Error("expected the quota to be reached");
  }

  test("takes no new address, says so fast, and names its quota", async () => {
    const failure = await failureOf(store.commit(take(1000, "late"), atOnce()));
    expect(failure.kind).toBe("no-space");
    expect(failure.message).toMatch(
      version === "3.4"
        ? /^etcd at \S+ refuses to write: database space exceeded \(quota as --quota-backend-bytes says, database \d+ MiB\)$/
        : /^etcd at \S+ refuses to write: database space exceeded \(quota 2 MiB, database \d+ MiB\)$/,
    );
    expect(failure.remedy).toBe(
      "compact and defragment etcd or raise --quota-backend-bytes, then run 'etcdctl alarm disarm'",
    );
    expect(await holderOf(store, 1000)).toBeUndefined();
  });

  test("is not writable, in the same words", async () => {
    const failure = await failureOf(store.requireWritable(within(5000)));
    expect(failure.kind).toBe("no-space");
    expect(failure.message).toMatch(/^etcd at \S+ refuses to write: database space exceeded \(quota .*\)$/);
  });

  test("refuses a release that wants to cool, and carries out the same without cooling", async () => {
    const ref = allocationRef(1);
    const found = (await store.read({ refs: [ref] }, within(5000))).get(ref);
    const release = { guards: [{ ref, revision: found?.revision ?? 0 }], puts: [], deletes: [ref] };
    const cooled = { ...release, puts: [coolingPut(1, 60)] };
    expect((await failureOf(store.commit(cooled, within(5000)))).kind).toBe("no-space");
    expect(await store.commit(release, within(5000))).toMatchObject({ won: true });
    expect(await holderOf(store, 1)).toBeUndefined();
  });
});
