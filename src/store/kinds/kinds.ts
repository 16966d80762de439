import type { StoreSettings } from "../../config/network-configuration.ts";
import type { ConfiguredStore } from "../configured-store.ts";
import { configuredEmbedded } from "../embedded/configured.ts";
import { configuredEtcd } from "../etcd/configured.ts";
import { configuredKubernetes } from "../kubernetes/configured.ts";

type Kind = StoreSettings["kind"];

/**
 * All kinds of store. This is the only place that asks a store's settings for their kind
 * (test/house/kinds.test.ts): a new kind is a new entry here, and a new folder beside `etcd`.
 */
export const KINDS: {
  readonly [K in Kind]: (settings: Extract<StoreSettings, { kind: K }>) => ConfiguredStore;
} = { embedded: configuredEmbedded, etcd: configuredEtcd, kubernetes: configuredKubernetes };

/** The store that the settings name. Opens nothing, and loads no code of a store. */
export function configuredStore(settings: StoreSettings): ConfiguredStore {
  // The compiler does not see that a key of the table and these settings come from one union.
  const configured = KINDS[settings.kind] as (settings: StoreSettings) => ConfiguredStore;
  return configured(settings);
}
