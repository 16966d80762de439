import { FILE_ENTRIES, NETWORK_ENTRIES, SETTING_ENTRIES } from "../text/entries.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { judgeKeys } from "../text/judge-keys.ts";
import type { Refuse } from "../text/key-fault.ts";
import { NODE_FILE } from "../text/places.ts";
import { readDocument } from "../text/read-document.ts";
import { readEntries, type Warn } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";
import type { ClusterPools } from "./cluster-pools.ts";
import { hoistSettings, type SettingValues } from "./hoist-settings.ts";

/** The node's own configuration, /etc/kube-ipam/config.json, as it was read from there. */
export interface NodeFileText {
  readonly path: string;
  readonly text: string;
  /** Beside the pools of the file; absent: no cluster is at hand. */
  readonly clusterPools?: ClusterPools;
}

/** Defaults and locks for every network of this node (docs/design.md section 7). */
export interface NodeFile {
  readonly path: string;
  readonly settings: SettingValues;
  /** By name; not yet understood, as most networks use none. */
  readonly pools: Json;
  readonly clusterPools?: ClusterPools;
  /** Networks may name no addresses themselves, only a pool. */
  readonly poolsOnly: boolean;
}

interface Options {
  readonly warn: Warn;
  /** Hears of keys that would have to be ignored. */
  readonly refuse: Refuse;
  readonly tolerates?: (key: string) => boolean;
}

/**
 * @throws IpamError decode for text that is no JSON, invalidConfig for a key with a wrong value or one
 * that belongs to a network.
 */
export function readNodeFile({ clusterPools, path, text }: NodeFileText, options: Options): NodeFile {
  const { refuse } = options;
  const reading = { path: `${path}: `, ...options };
  const section = readDocument(text, { subject: path, prefix: reading.path, place: NODE_FILE, refuse });
  refuseNetworkKeys(section, path, options);
  judgeKeys(section, NODE_FILE, reading);
  const settings = hoistSettings(readEntries(SETTING_ENTRIES, section, reading), reading);
  const { poolsOnly = false } = readEntries(FILE_ENTRIES, section, reading);
  return {
    path,
    settings,
    pools: poolsOf(section, path, options),
    ...(clusterPools && { clusterPools }),
    poolsOnly,
  };
}

function poolsOf(section: Json, path: string, options: Options): Json {
  const pools = member(section, "pools") ?? {};
  if (isObject(pools)) return pools;
  if (!options.tolerates?.("pools")) throw wrongValue(`${path}: pools`, pools, 'an object {"name": {…}}');
  return {};
}

function refuseNetworkKeys(section: Json, path: string, { tolerates }: Options): void {
  const misplaced = Object.keys(NETWORK_ENTRIES).find((key) => key !== "type" && Object.hasOwn(section, key));
  if (misplaced === undefined || tolerates?.(misplaced)) return;
  throw wrongValue(
    `${path}: ${misplaced}`,
    member(section, misplaced),
    "left to each network's configuration, or to a pool",
    `write it below "ipam" of the network, or in "pools": {"name": {"subnets": […]}}`,
  );
}
