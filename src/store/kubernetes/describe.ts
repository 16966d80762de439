import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";

/** The description of a store in the objects of a cluster's own API, open or not. */
export function describeKubernetes({
  context,
  kubeConfig,
  kubeConfigs,
}: KubernetesStoreSettings): StoreDescription {
  const source = kubeConfig ?? kubeConfigs?.join(":") ?? "the service account of this pod";
  return {
    kind: "Kubernetes",
    location: context === undefined ? source : `${source} (context ${context})`,
    // Agent, plugin and operators come to one cluster by credentials of their own.
    place: "of the cluster",
    prefix: "",
    shared: true,
    foresees: true,
    ofCluster: true,
  };
}
