import type { KubernetesSettings } from "../config/network-configuration.ts";
import type { Cluster } from "../ipam/cluster-port.ts";
import type { Log } from "../ipam/ports.ts";

/**
 * Kubernetes, whose client library is loaded and configured at the first question: most ADDs never
 * ask one. Undefined where neither a kubeconfig nor a service account is at hand.
 */
export function lazyCluster(settings: KubernetesSettings, log: Log): Cluster | undefined {
  const inCluster = process.env.KUBERNETES_SERVICE_HOST !== undefined;
  if (settings.kubeConfig === undefined && !inCluster) return undefined;
  let opened: Promise<Cluster> | undefined;
  const cluster = () => {
    opened ??= import("../kubernetes/open-cluster.ts").then(({ openCluster }) => openCluster(settings));
    return opened;
  };
  return {
    clusterUid: async (deadline) => (await cluster()).clusterUid(deadline),
    pod: async (pod, deadline) => (await cluster()).pod(pod, deadline),
    node: async (name, deadline) => (await cluster()).node(name, deadline),
    ownerOf: async (pod, deadline) => (await cluster()).ownerOf(pod, deadline),
    ownerState: async (owner, deadline) => (await cluster()).ownerState(owner, deadline),
    event: async (pod, reason, message) => {
      try {
        await (await cluster()).event?.(pod, reason, message);
      } catch (failure) {
        log("debug", "an event could not be recorded", { reason: String(failure) });
      }
    },
  };
}
