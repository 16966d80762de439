import type { EtcdSettings } from "../../src/config/network-configuration.ts";
import type { EtcdCluster } from "./etcd.ts";

/** Settings that reach a cluster as its root user; `changes` replaces single ones. */
export function etcdSettings(cluster: EtcdCluster, changes: Partial<EtcdSettings> = {}): EtcdSettings {
  const { client } = cluster;
  return {
    kind: "etcd",
    endpoints: cluster.endpoints,
    ...(client === undefined
      ? {}
      : { certFile: client.certFile, keyFile: client.keyFile, trustedCaFile: client.trustedCaFile }),
    prefix: "/kube-ipam/v1",
    dialTimeoutMs: 1500,
    requestTimeoutMs: 5000,
    ...changes,
  };
}
