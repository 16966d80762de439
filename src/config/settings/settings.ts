import { IpamError } from "../../ipam/errors.ts";
import type {
  EtcdSettings,
  KubernetesSettings,
  NodeSettings,
  StoreSettings,
} from "../network-configuration.ts";
import { SETTING_ENTRIES } from "../text/entries.ts";
import type { Json } from "../text/json-text.ts";
import { readEntries, type Warn } from "../text/read-shape.ts";
import { etcdSettings } from "./etcd-settings.ts";
import { hoistSettings, type SettingValues } from "./hoist-settings.ts";
import { isLocked, underLock } from "./locked-by-node.ts";
import { underPool } from "./locked-by-pool.ts";
import type { NodeFile } from "./node-file.ts";
import type { Pool } from "./pools.ts";
import { DEFAULTS } from "./setting-defaults.ts";

type Defaulted = keyof typeof DEFAULTS | "exclude";

/** The settings in force for one network, defaults included. */
export type Settings = Omit<SettingValues, Defaulted> & Required<Pick<SettingValues, Defaulted>>;

interface Options {
  readonly warn: Warn;
  readonly tolerates?: (key: string) => boolean;
  /** Where the network sets what the file locks, the file counts, with a warning. */
  readonly lenient?: boolean;
  /** The pool that the network uses. */
  readonly pool?: Pool | undefined;
}

/**
 * What the network says, over what the node's file says, over the defaults; what is locked comes
 * from the file alone. `exclude` of both counts, but for a pool with a policy.
 *
 * @throws IpamError invalidConfig for a wrong value, or one that the file or the pool locks.
 */
export function resolveSettings(ipam: Json, file: NodeFile | undefined, options: Options): Settings {
  const { lenient, tolerates } = options;
  const isMoot = (key: string) => (lenient && file && isLocked(key)) || tolerates?.(key) || false;
  const reading = { path: "ipam.", warn: options.warn, tolerates: isMoot };
  const said = hoistSettings(readEntries(SETTING_ENTRIES, ipam, reading), reading);
  const network = underPool(said, options.pool, file, options);
  const addressSpace = options.pool?.addressSpace;
  const values = file === undefined ? network : underLock(network, file, { ...options, addressSpace });
  const exclude = [...(file?.settings.exclude ?? []), ...(network.exclude ?? [])];
  return { ...DEFAULTS, ...values, exclude };
}

export function nodeSettings(settings: Settings, file: NodeFile | undefined): NodeSettings {
  const { dataDir, runDir, cniCacheDir, logFile, logLevel, nodeName, nodeLocal } = settings;
  const byNetwork = file === undefined ? PATHS.filter((key) => settings[key] !== DEFAULTS[key]) : [];
  return {
    dataDir,
    runDir,
    ...(cniCacheDir && { cniCacheDir }),
    logFile,
    logLevel,
    ...(nodeName && { nodeName }),
    nodeLocal,
    ...(byNetwork.length > 0 && { byNetwork }),
  };
}

/** Where root writes. */
const PATHS = ["dataDir", "runDir", "logFile"] as const;

/**
 * The store that `store` names; else etcd where the configuration says where that is, else the embedded store.
 *
 * @throws IpamError invalidConfig for etcd without its address.
 */
export function storeSettings(settings: Settings, file: NodeFile | undefined): StoreSettings {
  const named = settings.store ?? (settings.etcdConfig === undefined ? "embedded" : "etcd");
  return STORES[named](settings, file);
}

const STORES = {
  embedded: ({ dataDir }: Settings): StoreSettings => ({ kind: "embedded", dataDir }),
  etcd: ({ etcdConfig }: Settings, file: NodeFile | undefined) => etcdOf(etcdConfig, file),
  kubernetes: ({ kubeConfig }: Settings, file: NodeFile | undefined): StoreSettings => ({
    kind: "kubernetes",
    ...(kubeConfig && { kubeConfig }),
    ...(kubeConfig && file === undefined && { byNetwork: true }),
  }),
};

function etcdOf(etcdConfig: Settings["etcdConfig"], file: NodeFile | undefined): EtcdSettings {
  if (etcdConfig === undefined)
    throw new IpamError(
      "invalidConfig",
      `${file?.path ?? "ipam"}: store is "etcd", and nothing says where that is`,
      'set etcdConfig, or store to "kubernetes" or "embedded"',
    );
  if (file !== undefined) return etcdSettings(etcdConfig, `${file.path}: etcdConfig`);
  const settings = etcdSettings(etcdConfig, "ipam.etcdConfig");
  return settings.passwordFile === undefined ? settings : { ...settings, passwordByNetwork: true };
}

export function kubernetesSettings(
  { kubeConfig, annotations }: Settings,
  delivered: Pick<KubernetesSettings, "capabilityDeclared" | "podAnnotations"> = {
    capabilityDeclared: false,
  },
): KubernetesSettings {
  return { ...(kubeConfig && { kubeConfig }), annotations, ...delivered };
}
