import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { Store } from "../../ipam/store-port.ts";
import { makeKeys } from "../keys/keys.ts";
import { makeSender } from "./batch.ts";
import { EtcdClient } from "./client/client.ts";
import { makeLeases } from "./client/leases.ts";
import { commit } from "./commit.ts";
import { describeEtcd } from "./describe.ts";
import { count, list, listSpaces } from "./list.ts";
import { requireNoAlarm } from "./quota.ts";
import { readSnapshot } from "./read.ts";
import { changes, watch } from "./watch.ts";

/**
 * Opens the store of a cluster, in etcd 3.4 or newer. Starts to connect, but does not wait: the first call
 * throws a StoreFailure where endpoints, certificates or user are wrong.
 */
export async function openEtcdStore(settings: EtcdSettings): Promise<Store> {
  const client = new EtcdClient(settings);
  const keys = makeKeys(settings.prefix);
  const leases = makeLeases(client);
  const send = makeSender(client);
  const watching = { client, keys, reconnectMs: settings.requestTimeoutMs };
  client.warmUp();
  return {
    description: describeEtcd(settings),
    read: (query, options) => readSnapshot(client, keys, query, options),
    commit: (transaction, options) => commit({ client, keys, leases, send }, transaction, options),
    list: (scope, options) => list(client, keys, scope, options),
    count: (scope, options) => count(client, keys, scope, options),
    spaces: (options) => listSpaces(client, keys, options),
    watch: (scope, since, options) => watch(watching, scope, since, options),
    changes: (kinds, since, options) => changes(watching, kinds, since, options),
    requireWritable: (options) => requireNoAlarm(client, options),
    endpoint: () => client.endpoint(),
    close: async () => client.close(),
  };
}
