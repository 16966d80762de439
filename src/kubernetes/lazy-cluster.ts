import type { Cluster } from "../ipam/cluster-port.ts";
import type { ClusterSettings } from "./credentials.ts";

/**
 * A Cluster port that loads the Kubernetes client (about 17 ms, 20 MB) when it is first asked, so
 * that an ADD that needs no API request does not pay for it. What opening throws, the first
 * question throws, and the next one tries again.
 */
export function lazyCluster(settings: ClusterSettings): Cluster {
  let opened: Promise<Cluster> | undefined;
  const open = (): Promise<Cluster> => {
    opened ??= import("./open-cluster.ts").then(({ openCluster }) => openCluster(settings));
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  return {
    clusterUid: async (deadline) => (await open()).clusterUid(deadline),
    pod: async (pod, deadline) => (await open()).pod(pod, deadline),
    node: async (name, deadline) => (await open()).node(name, deadline),
    ownerOf: async (pod, deadline) => (await open()).ownerOf(pod, deadline),
    ownerState: async (owner, deadline) => (await open()).ownerState(owner, deadline),
  };
}
