import type { StoreDescription } from "../../ipam/store-port.ts";

/** The description of a store in the objects of a cluster's own API, open or not. */
export function describeKubernetes(server: string): StoreDescription {
  return { kind: "Kubernetes", location: server, prefix: "", shared: true, foresees: true };
}
