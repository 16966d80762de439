import { remembered } from "../../address/remembered.ts";
import { IpamError } from "../../ipam/errors.ts";
import { NETWORK_ENTRIES } from "./entries.ts";
import { type ForeignKey, foreignKey, foreignWords } from "./foreign-keys.ts";
import { type Home, homeOf, isHarmless } from "./homes.ts";
import { isObject } from "./json-text.ts";
import { NearKeys } from "./near-keys.ts";
import type { KeyedPlace } from "./places.ts";

/**
 * What a key means that stands where nothing reads it: an error for another plugin's word for what we have a
 * word for, for a near miss of ours, and for one of ours that belongs elsewhere; else a warning, or nothing
 * where others have keys of their own.
 *
 * @param path how a message names the key.
 */
export function verdictOn(
  key: string,
  value: unknown,
  place: KeyedPlace,
  path: string,
): IpamError | string | undefined {
  if (place.kind === "delivered") return undefined;
  const near = keysOf(place).nearest(key);
  switch (place.kind) {
    case "network":
    case "args":
    case "cni":
    case "runtimeConfig":
      return amongOthers(key, value, near, place, path);
    case "etcdConfig":
    case "route":
      return nearMiss(near, path) ?? misplaced(key, place, path) ?? unknown(near, path);
    default:
      return (
        foreign(foreignKey(key), path) ??
        nearMiss(near, path) ??
        foreign(foreignWords(key), path) ??
        misplaced(key, place, path) ??
        unknown(near, path)
      );
  }
}

/**
 * Keys that nobody but us gives a meaning: beside `ipam`, where main plugins have keys of their own
 * (`dataDir` is flannel's, `nodename` Calico's, `kubeconfig` Multus', `logFile` the SR-IOV plugin's), and in
 * what runtimes hand over.
 */
const SURELY_OURS: ReadonlySet<string> = new Set([
  ...["subnet", "rangeStart", "rangeEnd", "gateway", "fixedStart", "fixedEnd"],
  ...["exclude", "ranges", "routes", "pool", "ips", "ipRanges"],
  ...["addressSpace", "etcdConfig", "etcdURL", "nodeLocal", "requireInit", "coolingSeconds"],
  ...["fixedNamespaces", "maxPerNamespace", "args", "cni", "runtimeConfig"],
]);

/** Those whose value is an object. Any other key with such a value is somebody else's. */
const OBJECTS: ReadonlySet<string> = new Set(["etcdConfig", "args", "cni", "runtimeConfig"]);

/** How a wish is handed over: short names, which others are unlikely to come near. */
const WISHES: ReadonlySet<string> = new Set([
  ...["args", "cni", "ips", "ipRanges", "runtimeConfig", "io.kubernetes.cri.pod-annotations"],
]);

function amongOthers(
  key: string,
  value: unknown,
  near: string | undefined,
  place: KeyedPlace,
  path: string,
): IpamError | undefined {
  if (near !== undefined) return notKnown(path, near);
  const ours = homeOf(key);
  if (ours === undefined || !SURELY_OURS.has(ours.key)) return undefined;
  return isObject(value) && !OBJECTS.has(ours.key) ? undefined : elsewhere(path, ours, place);
}

function foreign(found: ForeignKey | undefined, path: string): IpamError | undefined {
  if (found === undefined) return undefined;
  const owner = found.whose?.replace(/s?$/, (end) => `${end}${end ? "'" : "'s"}`);
  const whose = owner === undefined ? "no key" : `${owner} key, not one`;
  return new IpamError(
    "invalidConfig",
    `${path} is ${whose} of kube-ipam: write ${found.ours}`,
    "what says which addresses are meant is never ignored",
  );
}

function nearMiss(near: string | undefined, path: string): IpamError | undefined {
  return near === undefined || isHarmless(near) ? undefined : notKnown(path, near);
}

function misplaced(key: string, place: KeyedPlace, path: string): IpamError | undefined {
  const ours = homeOf(key);
  return ours === undefined || isHarmless(ours.key) ? undefined : elsewhere(path, ours, place);
}

function unknown(near: string | undefined, path: string): string {
  return `${path} is not known and is ignored${near ? `: did you mean ${near}?` : ""}`;
}

function notKnown(path: string, near: string): IpamError {
  return new IpamError(
    "invalidConfig",
    `${path} is not known: did you mean ${near}?`,
    "correct or remove it; what may say which addresses or which store is meant is never ignored",
  );
}

function elsewhere(path: string, { key, home }: Home, { kind }: KeyedPlace): IpamError {
  const here = kind === "route" && key === "gateway" ? '; the gateway of a route is its "gw"' : "";
  return new IpamError(
    "invalidConfig",
    `${path} does not count where it stands: ${key} belongs ${home}`,
    `move or remove it${here}`,
  );
}

/** The keys of a place that another one may be meant for. */
const keysOf = remembered(
  (place: KeyedPlace) => new NearKeys([...place.keys].filter((key) => isMeant(key, place))),
);

/** In the node's file a network's own keys are known, but not meant; among keys of others only a wish's are. */
function isMeant(key: string, { kind }: KeyedPlace): boolean {
  switch (kind) {
    case "file":
      return !Object.hasOwn(NETWORK_ENTRIES, key);
    case "network":
    case "args":
    case "cni":
    case "runtimeConfig":
      return WISHES.has(key);
    default:
      return true;
  }
}
