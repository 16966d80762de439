import { IpamError } from "../../ipam/errors.ts";
import type { Warn } from "../text/read-shape.ts";
import { show } from "../text/wrong-value.ts";
import type { EtcdValues, SettingValues } from "./hoist-settings.ts";
import type { NodeFile } from "./node-file.ts";
import { DEFAULTS, ETCD_DEFAULTS } from "./setting-defaults.ts";

/**
 * Everything that names a path, a store, a credential, a prefix, an address space or this node's
 * identity: once the node's file is there, only that file says it. Otherwise a tenant with a
 * NetworkAttachmentDefinition could read and write files as root, or leave the store that keeps
 * addresses unique.
 */
const LOCKED = [
  "resolvConf",
  "kubeConfig",
  "addressSpace",
  "dataDir",
  "runDir",
  "cniCacheDir",
  "logFile",
  "nodeName",
  "nodeLocal",
  "requireInit",
] as const;

interface LockOptions {
  readonly warn: Warn;
  /** Keys whose violation is only warned about; the file's value counts. */
  readonly tolerates?: (key: string) => boolean;
  /** The pool's own address space, which a network that uses the pool may repeat. */
  readonly addressSpace?: string | undefined;
}

/**
 * What the network says over what the node's file says, without what is locked.
 *
 * @throws IpamError invalidConfig when the network sets a locked key to another value than the one
 * in force. The same value is fine.
 */
export function underLock(network: SettingValues, file: NodeFile, options: LockOptions): SettingValues {
  const inForce = {
    ...DEFAULTS,
    ...file.settings,
    ...(options.addressSpace && { addressSpace: options.addressSpace }),
  };
  const refuse = (key: string, path: string, right: unknown, value: unknown) => {
    const error = lockedError(file.path, path, right, value);
    if (!options.tolerates?.(key)) throw error;
    options.warn(`${error.message}; ignored, as ${key} is not needed for this operation`);
  };
  for (const key of LOCKED) {
    const value = network[key];
    if (value !== undefined && value !== inForce[key]) refuse(key, `ipam.${key}`, inForce[key], value);
  }
  lockEtcd(network.etcdConfig, file.settings.etcdConfig, (path, right, value) =>
    refuse("etcdConfig", path, right, value),
  );
  return { ...file.settings, ...withoutLocked(network) };
}

function lockEtcd(
  network: EtcdValues | undefined,
  file: EtcdValues | undefined,
  refuse: (path: string, right: unknown, value: unknown) => void,
): void {
  if (network === undefined) return;
  if (file === undefined) {
    refuse("ipam.etcdConfig", undefined, network);
    return;
  }
  const inForce: EtcdValues = { ...ETCD_DEFAULTS, ...file };
  for (const [key, value] of Object.entries(network)) {
    const right = inForce[key as keyof EtcdValues];
    if (!Bun.deepEquals(value, right)) refuse(`ipam.etcdConfig.${key}`, right, value);
  }
}

function withoutLocked(network: SettingValues): SettingValues {
  const locked: readonly string[] = [...LOCKED, "etcdConfig"];
  return Object.fromEntries(Object.entries(network).filter(([key]) => !locked.includes(key)));
}

function lockedError(file: string, path: string, right: unknown, value: unknown): IpamError {
  const allowed =
    right === undefined ? "may not be set by a network" : `must be ${show(path, right)} or left out`;
  return new IpamError(
    "invalidConfig",
    `${path} is locked by ${file}: it ${allowed}, got ${show(path, value)}`,
    "only the node's administrator sets paths, stores, credentials, prefixes and address spaces: remove the key from " +
      `the network's configuration, or set it in ${file}`,
  );
}
