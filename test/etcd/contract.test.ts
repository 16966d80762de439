import { afterAll, beforeAll } from "bun:test";
import { describeStore } from "../../src/store/contract.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

for (const version of ["3.4", "3.6"] as const) {
  let cluster: EtcdCluster | undefined;
  let count = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version, tls: true });
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  describeStore(`etcd ${version}`, async () => {
    if (cluster === undefined) throw new Error(`etcd ${version} is not there: see scripts/setup.sh`);
    const settings = etcdSettings(cluster, { prefix: `/contract/${count++}` });
    const [store, other] = [await openEtcdStore(settings), await openEtcdStore(settings)];
    return {
      store,
      other,
      close: async () => {
        await store.close();
        await other.close();
      },
    };
  });
}
