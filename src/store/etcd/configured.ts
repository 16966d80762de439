import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { ConfiguredStore } from "../configured-store.ts";
import { describeEtcd } from "./describe.ts";

export function configuredEtcd(settings: EtcdSettings): ConfiguredStore {
  const description = describeEtcd(settings);
  return {
    description,
    title: `etcd ${description.location}`,
    file: undefined,
    open: async () => {
      const { openEtcdStore } = await import("./open.ts");
      return openEtcdStore(settings);
    },
    openWithoutBeginning: undefined,
    members: {
      ask: async (options) => {
        const { etcdStatus } = await import("./status.ts");
        return etcdStatus(settings, options);
      },
      alarmRemedy:
        "for NOSPACE: 'etcdctl compact', 'etcdctl defrag', then 'etcdctl alarm disarm', or a larger --quota-backend-bytes",
      roomRemedy:
        "'etcdctl compact' and 'etcdctl defrag', or a larger --quota-backend-bytes: a full etcd refuses every ADD",
    },
    tryWriting: async (store, space, options) => {
      const { tryWriting } = await import("./try-writing.ts");
      return tryWriting(store, space, options);
    },
    readLegacyNetworks: async (name, options) => {
      const { readLegacyNetworks } = await import("./legacy.ts");
      return readLegacyNetworks(settings, name, options);
    },
    withAccess: (access) => ({ ...settings, ...access }),
    ofCluster: undefined,
    prerequisites: undefined,
    unfinished: undefined,
  };
}
