import {
  ETCD_ENTRIES,
  FILE_ENTRIES,
  NETWORK_ENTRIES,
  POOL_ENTRIES,
  ROUTE_ENTRIES,
  SETTING_ENTRIES,
} from "./entries.ts";
import { bareKey } from "./fold-key.ts";

/**
 * Keys that say neither which addresses nor which store is meant, nor who may have an address: where one of
 * them is misspelt or misplaced, a line in the log is enough.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  "type",
  "name",
  "resolvConf",
  "logFile",
  "logLevel",
  "mtu",
  "advmss",
  "priority",
  "table",
  "scope",
  "dialTimeout",
  "requestTimeout",
]);

/** Of places that have the same key the first counts. */
const HOMES: readonly (readonly [home: string, keys: readonly string[]])[] = [
  [
    'into "ipam", or into a range of its "ranges"',
    ["subnet", "rangeStart", "rangeEnd", "gateway", "fixedStart", "fixedEnd", "exclude"],
  ],
  ['into "ipam"', Object.keys(NETWORK_ENTRIES)],
  ['into "ipam", or into the node\'s file', Object.keys(SETTING_ENTRIES)],
  ['into "etcdConfig"', Object.keys(ETCD_ENTRIES)],
  ['into one of the "routes" of "ipam"', Object.keys(ROUTE_ENTRIES)],
  ["into a pool of the node's file", Object.keys(POOL_ENTRIES)],
  ["into the node's file", ["pools", ...Object.keys(FILE_ENTRIES)]],
  ['beside "ipam"', ["ipam", "args", "runtimeConfig"]],
  ['into "args", beside "ipam"', ["cni"]],
  ['into "args": {"cni": {…}} beside "ipam"', ["ips"]],
  ['into "runtimeConfig" beside "ipam"', ["ipRanges"]],
];

/** A key of ours, and where it has its place. */
export interface Home {
  readonly key: string;
  /** Continues "it belongs ". */
  readonly home: string;
}

const BY_WORDS = new Map<string, Home>(
  HOMES.flatMap(([home, keys]) => keys.map((key) => [bareKey(key), { key, home }] as const)).reverse(),
);

/** Whether misreading a key changes which addresses, which store or whose wish is meant. */
export function isHarmless(key: string): boolean {
  return HARMLESS.has(key);
}

/** The key of ours that this one is, wherever it stands, and where it belongs. */
export function homeOf(key: string): Home | undefined {
  return BY_WORDS.get(bareKey(key));
}
