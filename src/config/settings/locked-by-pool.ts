import { formatInterval } from "../../address/interval-text.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { PoolPolicy } from "../../ipam/network.ts";
import type { Warn } from "../text/read-shape.ts";
import type { SettingValues } from "./hoist-settings.ts";
import type { NodeFile } from "./node-file.ts";
import type { Pool } from "./pools.ts";
import { DEFAULTS } from "./setting-defaults.ts";

/**
 * Keys that change what a pool gives out, besides those that name addresses, which no network of a pool may
 * set. Who may leave out all addresses but one has named that one; who shortens the rest of an address gets
 * it right after its last holder.
 */
type Key = "exclude" | "coolingSeconds";

interface Options {
  readonly warn: Warn;
  /** A violation is only warned about, and the pool is in force. */
  readonly lenient?: boolean;
}

/**
 * What a network says beside its pool, without what is the pool's where that has a policy about namespaces.
 *
 * @throws IpamError invalidConfig when the network sets such a key to another value than the one in force.
 */
export function underPool(
  network: SettingValues,
  pool: Pool | undefined,
  file: NodeFile | undefined,
  { lenient, warn }: Options,
): SettingValues {
  const policy = pool && policyKeys(pool.policy);
  if (pool === undefined || file === undefined || policy === undefined) return network;
  for (const key of changed(network, pool, file)) {
    const error = lockedError(key, pool, file, policy);
    if (!lenient) throw error;
    warn(`${error.message}; ignored: the pool is in force`);
  }
  return Object.fromEntries(Object.entries(network).filter(([key]) => !KEYS.has(key)));
}

const KEYS: ReadonlySet<string> = new Set<Key>(["exclude", "coolingSeconds"]);

/** Which policy there is, as a message names it; undefined where every pod may have and name any address. */
function policyKeys({ fixedNamespaces, maxPerNamespace, namespaces }: PoolPolicy): string | undefined {
  const there = Object.entries({ namespaces, fixedNamespaces, maxPerNamespace })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  return there.length === 0 ? undefined : there.join(", ");
}

function changed(network: SettingValues, pool: Pool, { settings }: NodeFile): Key[] {
  const excluded = new Set([...(settings.exclude ?? []), ...pool.exclude].map(formatInterval));
  const { coolingSeconds = DEFAULTS.coolingSeconds } = settings;
  const keys: Key[] = [];
  if (network.exclude?.some((interval) => !excluded.has(formatInterval(interval)))) keys.push("exclude");
  if ((network.coolingSeconds ?? coolingSeconds) !== coolingSeconds) keys.push("coolingSeconds");
  return keys;
}

function lockedError(key: Key, { name, origin }: Pool, { path }: NodeFile, policy: string): IpamError {
  const where = key === "exclude" ? `the pool's own "exclude" in ${origin}` : path;
  return new IpamError(
    "invalidConfig",
    `ipam.${key} may not be set beside pool '${name}' of ${origin}, which has a policy (${policy})`,
    `what the pool gives out, and when again, is its administrator's to say: remove ${key}, or set it in ${where}`,
  );
}
