import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { atOnce, failureOf, holderOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { kubeIpam } from "../kit/subject-kube-ipam.ts";
import { World } from "../kit/world.ts";

const MOST_BYTES = 1024;

describe.each(ETCD_VERSIONS)("K90: an etcd %s that takes little at once", (version) => {
  let cluster: EtcdCluster;
  let store: Store;

  beforeAll(async () => {
    cluster = await startEtcd({ version, flags: [`--max-request-bytes=${MOST_BYTES}`] });
    store = await openEtcdStore(etcdSettings(cluster));
  });

  afterAll(async () => {
    await store.close();
    await cluster[Symbol.asyncDispose]();
  });

  // gRPC's own bound lies 512 KiB above etcd's, and answers RESOURCE_EXHAUSTED.
  test.each([2 * MOST_BYTES, 2 ** 20])(
    "a transaction of %d bytes fails at once, and says what is too large",
    async (size) => {
      const failure = await failureOf(store.commit(take(1, "x".repeat(size)), atOnce()));
      expect(failure.kind).toBe("unwritable");
      expect(failure.message).toMatch(
        /^etcd at \S+ does not take so large a request: .* \(its records have \d+ bytes, the record at \S+ alone \d+\)$/,
      );
      expect(failure.remedy).toContain("--max-request-bytes");
      expect(await holderOf(store, 1)).toBeUndefined();
    },
  );

  test("what is small enough alone succeeds, whatever it was sent together with", async () => {
    const small = Array.from({ length: 20 }, (_, index) =>
      store.commit(take(10 + index, `r${index}`), within(20_000)),
    );
    const large = failureOf(store.commit(take(2, "x".repeat(2 ** 20)), within(20_000)));
    expect((await Promise.all(small)).every(({ won }) => won)).toBe(true);
    expect((await large).kind).toBe("unwritable");
    expect(await holderOf(store, 15)).toBe("r5");
  });

  test("an ADD is error 106 at once, and its DEL succeeds", async () => {
    await using world = await World.open(kubeIpam());
    const etcdConfig = { etcdURL: cluster.endpoints.join(",") };
    const net = world.network({ subnet: "10.1.2.0/24", etcdConfig });
    const call = { container: "c".repeat(200) };
    const refusal = { code: 106, text: /does not take so large a request: .*the record at \S+ alone \d+/ };
    await world.refused("ADD", net, call, refusal);
    await world.del(net, call);
  });
});
