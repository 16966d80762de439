import {
  ETCD_ENTRIES,
  FILE_ENTRIES,
  NETWORK_ENTRIES,
  POOL_ENTRIES,
  RANGE_ITEM_ENTRIES,
  ROUTE_ENTRIES,
  SETTING_ENTRIES,
} from "./entries.ts";
import { foldKey } from "./fold-key.ts";
import { isObject, type Json } from "./json-text.ts";

/** The objects whose keys we know. In the open ones stand keys of others, too, which are none of our business. */
export type ClosedPlace = "ipam" | "range" | "route" | "etcdConfig" | "file" | "pool";
export type OpenPlace = "network" | "args" | "cni" | "runtimeConfig" | "delivered";

/** What stands at some place of a configuration; undefined: a value without keys, or one that is data. */
export type Place = KeyedPlace | ListPlace | NamesPlace | undefined;

export interface KeyedPlace {
  readonly is: "keyed";
  readonly kind: ClosedPlace | OpenPlace;
  readonly keys: ReadonlySet<string>;
  /** The known key that this one is in whatever case. */
  readonly knows: (key: string) => string | undefined;
  /** What stands below some of them. */
  readonly places: ReadonlyMap<string, Place>;
}

interface ListPlace {
  readonly is: "list";
  readonly each: Place;
  /** Items of others are left as they came. */
  readonly only?: (item: unknown) => boolean;
}

/** An object whose keys are names that somebody gave: case counts. */
interface NamesPlace {
  readonly is: "names";
  readonly each: Place;
}

const NAMES: NamesPlace = { is: "names", each: undefined };
const SETTINGS = Object.keys(SETTING_ENTRIES);
const NETWORKS_OWN = Object.keys(NETWORK_ENTRIES);

const ranges = listOf(listOf(keyed("range", Object.keys(RANGE_ITEM_ENTRIES))));
const etcdConfig = keyed("etcdConfig", Object.keys(ETCD_ENTRIES));
const routes = listOf(keyed("route", Object.keys(ROUTE_ENTRIES)));
/** A pool of the node's file, or the spec of one that is an object of the cluster. */
export const POOL: KeyedPlace = keyed("pool", Object.keys(POOL_ENTRIES), { ranges, nodes: NAMES });
const attachments = listOf(keyed("delivered", ["containerID", "ifname"]));

const network = {
  ipam: keyed("ipam", [...NETWORKS_OWN, ...SETTINGS], { etcdConfig, ranges, routes, pools: NAMES }),
  args: keyed("args", [], { cni: keyed("cni", ["ips"]) }),
  runtimeConfig: keyed("runtimeConfig", ["ips"], {
    ipRanges: ranges,
    "io.kubernetes.cri.pod-annotations": NAMES,
  }),
  // The runtime compares the names of capabilities letter by letter.
  capabilities: NAMES,
  prevResult: keyed("delivered", [], {
    ips: listOf(keyed("delivered", ["address"])),
    ip4: keyed("delivered", ["ip"]),
    ip6: keyed("delivered", ["ip"]),
  }),
  "cni.dev/valid-attachments": attachments,
  "cni.dev/attachments": attachments,
};
const ENVELOPE = ["cniVersion", "name", "type"];

/** A network's configuration as a plugin gets it. */
export const NETWORK: KeyedPlace = keyed("network", ENVELOPE, network);

/** A file with a network's configuration, or with a list of them. */
export const NETWORK_OR_LIST: KeyedPlace = keyed("network", ENVELOPE, {
  ...network,
  plugins: { is: "list", each: NETWORK, only: isOurs },
});

/** /etc/kube-ipam/config.json. A network's keys are known there, so as to be refused in any spelling. */
export const NODE_FILE: KeyedPlace = keyed(
  "file",
  [...NETWORKS_OWN, ...SETTINGS, ...Object.keys(FILE_ENTRIES)],
  {
    etcdConfig,
    pools: { is: "names", each: POOL },
  },
);

/** The member with this key, else the last one whose key differs from it in case alone. */
export function memberInAnyCase(object: Json, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const spelling = Object.keys(object).findLast((each) => foldKey(each) === foldKey(key));
  return spelling === undefined ? undefined : object[spelling];
}

/** Whether kube-ipam gives the addresses of a plugin's configuration. */
export function isOurs(plugin: unknown): boolean {
  const section = isObject(plugin) ? memberInAnyCase(plugin, "ipam") : undefined;
  return isObject(section) && memberInAnyCase(section, "type") === "kube-ipam";
}

function keyed(
  kind: KeyedPlace["kind"],
  values: readonly string[],
  places: Readonly<Record<string, Place>> = {},
): KeyedPlace {
  const names = new Set([...values, ...Object.keys(places)]);
  const byFold = new Map([...names].map((key) => [foldKey(key), key]));
  return {
    is: "keyed",
    kind,
    keys: names,
    knows: (key) => (names.has(key) ? key : byFold.get(foldKey(key))),
    places: new Map(Object.entries(places)),
  };
}

function listOf(each: Place): ListPlace {
  return { is: "list", each };
}
