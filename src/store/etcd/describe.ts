import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";

/** What an etcd store says of itself, open or not. */
export function describeEtcd({ endpoints, prefix }: EtcdSettings): StoreDescription {
  return { kind: "etcd", location: endpoints.join(","), prefix, shared: true, foresees: true };
}
