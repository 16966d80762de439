import { afterAll, beforeAll, describe } from "bun:test";
import { describeStore } from "../../src/store/contract/contract.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { makeKeys } from "../../src/store/keys/keys.ts";
import type { CertificateFiles } from "../kit/certificates.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { createLimitedUser, enableAuthentication } from "../kit/etcd-users.ts";

const PREFIX = "/kube-ipam/v1";

/** Over mutual TLS, as the user that the shipped script makes, who may touch nothing but the prefix. */
describe.each(ETCD_VERSIONS)("etcd %s", (version) => {
  let cluster: EtcdCluster;
  let limited: CertificateFiles | undefined;
  let opened = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version, tls: true });
    await createLimitedUser(cluster, "limited", PREFIX);
    await enableAuthentication(cluster);
    limited = await cluster.authority?.issue({ name: "limited" });
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  describeStore(`etcd ${version}`, async () => {
    opened += 1;
    const settings = etcdSettings(cluster, { ...limited, prefix: `${PREFIX}/${opened}` });
    const [store, other] = await Promise.all([openEtcdStore(settings), openEtcdStore(settings)]);
    return {
      store,
      other,
      damage: async (ref) => {
        await cluster.ctl("put", makeKeys(`${PREFIX}/${opened}`).keyOf(ref), "{");
      },
      close: async () => {
        await store.close();
        await other.close();
      },
    };
  });
});
