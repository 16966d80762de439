import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";

/** The description of a store in the objects of a cluster's own API, open or not. */
export function describeKubernetes({ kubeConfig }: KubernetesStoreSettings): StoreDescription {
  return {
    kind: "Kubernetes",
    location: kubeConfig ?? "the service account of this pod",
    prefix: "",
    shared: true,
    foresees: true,
  };
}
