import { UsageError } from "../../command-line/failure.ts";
import type { NodeSettings, StoreSettings } from "../../config/network-configuration.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { clusterSettings, type KubernetesOptions } from "./cluster-settings.ts";
import { type EtcdOptions, etcdOfOptions, throughOptions } from "./etcd-options.ts";

/** The options that name a store. */
export interface StoreChoice extends EtcdOptions, KubernetesOptions {
  readonly store?: "embedded" | "etcd" | "kubernetes";
  readonly dataDir?: string;
}

/** What a configuration says of the store, the node and the cluster. */
interface Configured {
  readonly store: StoreSettings;
  readonly node: NodeSettings;
  readonly kubeConfig?: string;
}

/**
 * The store that the command line names: by `--store`, else by `--etcd-url`, else by `--data-dir`, else as configured.
 *
 * @throws UsageError for options that contradict each other, or that mean nothing for this store.
 */
export function storeOfOptions(options: StoreChoice, configured: Configured): StoreSettings {
  const { dataDir, etcdUrl, store } = options;
  if (store !== undefined) return byOptions(options, STORES[store](options, configured), configured);
  if (etcdUrl !== undefined) return etcdOfOptions(options, etcdUrl);
  const named = dataDir === undefined ? configured.store : STORES.embedded(options, configured);
  return byOptions(options, named, configured);
}

/** What names the store, for messages; undefined where a configuration does. */
export function sourceOfStore({ dataDir, etcdUrl, store }: StoreChoice): string | undefined {
  if (store !== undefined) return "--store";
  return etcdUrl === undefined ? dataDir && "--data-dir" : "--etcd-url";
}

const STORES: Readonly<
  Record<NonNullable<StoreChoice["store"]>, (options: StoreChoice, configured: Configured) => StoreSettings>
> = {
  embedded: (options, { node: { dataDir } }) => {
    requireNoUrl(options);
    return { kind: "embedded", dataDir };
  },
  etcd: (options, { store }) => {
    if (options.etcdUrl !== undefined) return etcdOfOptions(options, options.etcdUrl);
    if (configuredStore(store).withAccess !== undefined) return store;
    throw new UsageError(
      "--store etcd needs to know where that is, and no configuration says it",
      "name its endpoints with --etcd-url, or a configuration with --config",
    );
  },
  kubernetes: (options, { store }) => {
    requireNoUrl(options);
    return configuredStore(store).ofCluster === undefined ? { kind: "kubernetes" } : store;
  },
};

function requireNoUrl({ etcdUrl, store }: StoreChoice): void {
  if (etcdUrl === undefined) return;
  throw new UsageError(
    `--etcd-url names an etcd, and --store another store: ${store}`,
    "leave one of them out",
  );
}

/** An operator's credentials go before those that the plugin is configured with. */
function byOptions(options: StoreChoice, store: StoreSettings, { kubeConfig }: Configured): StoreSettings {
  const settings = throughOptions(options, store);
  const { ofCluster } = configuredStore(settings);
  if (ofCluster === undefined) return settings;
  const isConfigured = ofCluster.settings.kubeConfig !== undefined;
  if (isConfigured && options.kubeconfig === undefined && options.context === undefined) return settings;
  return ofCluster.by(clusterSettings(options, kubeConfig, { atHome: true }) ?? {});
}
