import type { Cluster } from "../../ipam/cluster-port.ts";
import type { ClusterSettings } from "../credentials/credentials.ts";

export interface LazyCluster extends Cluster {
  /** Opens it ahead of the first call. @throws IpamError as that would. */
  begin(): Promise<void>;
}

/**
 * A Cluster port that loads the Kubernetes client with the first call, so that an ADD without API requests
 * does not pay for it. Where the client cannot be opened, that call throws, and the next one tries again.
 */
export function lazyCluster(
  settings: ClusterSettings,
  load: (settings: ClusterSettings) => Promise<Cluster> = loadCluster,
): LazyCluster {
  let opened: Promise<Cluster> | undefined;
  let ready: Cluster | undefined;
  const open = (): Promise<Cluster> => {
    if (opened !== undefined) return opened;
    opened = load(settings);
    opened.then(
      (cluster) => {
        ready = cluster;
      },
      () => {
        opened = undefined;
      },
    );
    return opened;
  };
  return {
    begin: async () => void (await open()),
    clusterNames: async (deadline) => (await open()).clusterNames(deadline),
    pod: async (pod, deadline) => (await open()).pod(pod, deadline),
    askingPod: async (pod, deadline) => {
      const cluster = await open();
      return (cluster.askingPod ?? cluster.pod)(pod, deadline);
    },
    seenPod: (pod) => ready?.seenPod?.(pod),
    event: async (...happening) => (await open()).event?.(...happening),
    node: async (name, deadline) => (await open()).node(name, deadline),
    ownerOf: async (pod, deadline) => (await open()).ownerOf(pod, deadline),
    ownerState: async (owner, deadline) => (await open()).ownerState(owner, deadline),
    template: async (owner, deadline) => (await open()).template?.(owner, deadline),
    podsIn: async function* (namespace, deadline) {
      const cluster = await open();
      if (cluster.podsIn === undefined) throw new Error("this port lists no pods");
      yield* cluster.podsIn(namespace, deadline);
    },
    definedNetwork: async (namespace, name, deadline) =>
      (await open()).definedNetwork(namespace, name, deadline),
  };
}

async function loadCluster(settings: ClusterSettings): Promise<Cluster> {
  const { openCluster } = await import("./open-cluster.ts");
  return openCluster(settings);
}
