import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";

/** The description of a store in etcd, open or not. */
export function describeEtcd({ endpoints, prefix }: EtcdSettings): StoreDescription {
  return { kind: "etcd", location: endpoints.join(","), prefix, shared: true, foresees: true };
}
