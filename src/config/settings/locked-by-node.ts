import { IpamError } from "../../ipam/errors.ts";
import { isObject, member } from "../text/json-text.ts";
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
  "store",
  "addressSpace",
  "dataDir",
  "runDir",
  "cniCacheDir",
  "logFile",
  "nodeName",
  "nodeLocal",
  "requireInit",
] as const;

/** Whether only the node's file says it, once that is there. */
export function isLocked(key: string): boolean {
  return key === "etcdConfig" || LOCKED.some((each) => each === key);
}

interface LockOptions {
  readonly warn: Warn;
  /** A violation is only warned about: an ADD that came before the file, or before its last change, is to end. */
  readonly lenient?: boolean;
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
  const refuse = (path: string, right: unknown, value: unknown) => {
    const error = lockedError(file, path, right, value);
    if (!options.lenient) throw error;
    options.warn(`${error.message}; ignored: the file is in force`);
  };
  for (const key of LOCKED) {
    const value = network[key];
    if (value !== undefined && value !== inForce[key]) refuse(`ipam.${key}`, inForce[key], value);
  }
  lockEtcd(network.etcdConfig, file.settings.etcdConfig, refuse);
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
    if (!Bun.deepEquals(unordered(value), unordered(right))) refuse(`ipam.etcdConfig.${key}`, right, value);
  }
}

/** The members of one etcd are one store, in whichever order they are named. */
function unordered(value: unknown): unknown {
  return Array.isArray(value) ? new Set(value) : value;
}

function withoutLocked(network: SettingValues): SettingValues {
  return Object.fromEntries(Object.entries(network).filter(([key]) => !isLocked(key)));
}

function lockedError(file: NodeFile, path: string, right: unknown, value: unknown): IpamError {
  const allowed =
    right === undefined ? "may not be set by a network" : `must be ${show(path, right)} or left out`;
  return new IpamError(
    "invalidConfig",
    `${path} is locked by ${file.path}: it ${allowed}, got ${show(path, value)}`,
    `only the node's administrator sets paths, stores, credentials, prefixes and address spaces: ${remedy(file, path, value)}`,
  );
}

/** `dataDir` stands in many configurations of host-local of which only `type` was changed. */
function remedy(file: NodeFile, path: string, value: unknown): string {
  if (path === "ipam.dataDir")
    return `remove dataDir: it is host-local's, for leases that kube-ipam does not have; kube-ipam's own is set in ${file.path}`;
  const way = path === "ipam.addressSpace" ? wayIntoSpace(value, file) : "";
  return `remove the key from the network's configuration, or set it in ${file.path}${way}`;
}

/** So many pools are named. */
const MOST_NAMED = 4;

/** A wire of its own is a pool's: a network comes into another address space by naming the pool. */
function wayIntoSpace(space: unknown, file: NodeFile): string {
  const ofCluster = file.clusterPools?.objects.map(({ name, spec }): [string, unknown] => [name, spec]) ?? [];
  const pools = [...Object.entries(file.pools), ...ofCluster].flatMap(([name, section]) =>
    isObject(section) && member(section, "addressSpace") === space ? [`"pool": "${name}"`] : [],
  );
  if (pools.length === 0) return "";
  return `; a pool of that address space is there: write ${pools.slice(0, MOST_NAMED).join(" or ")} instead of addressSpace and subnet`;
}
