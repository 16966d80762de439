import { CAPS } from "../../address/caps.ts";
import { IpamError } from "../../ipam/errors.ts";
import { isObject, type Json, member } from "../text/json-text.ts";

/**
 * Requires that a network's configuration, and what the runtime hands over with it, holds no more than anybody
 * writes on purpose (CAPPED). Counts only, so it goes before everything whose work grows with what is counted. What is
 * no list is for others to refuse.
 *
 * @param document with canonical keys.
 * @throws IpamError invalidConfig naming key, number and bound.
 */
export function requireWithinCaps(document: Json): void {
  const ipam = objectAt(document, "ipam");
  const runtime = objectAt(document, "runtimeConfig");
  const cni = objectAt(objectAt(document, "args"), "cni");
  const places: readonly Place[] = [
    ["ipam.subnet", ipam && member(ipam, "subnet") ? [[{}]] : []],
    ["ipam.ranges", listAt(ipam, "ranges")],
    ["runtimeConfig.ipRanges", listAt(runtime, "ipRanges")],
  ];
  requireSets(places.filter(([, sets]) => sets.length > 0));
  const ranges = places.flatMap(([, sets]) => sets.flatMap((set) => (Array.isArray(set) ? set : [])));
  const excluded = [ipam, ...ranges.filter(isObject)].reduce(
    (sum, section) => sum + listAt(section, "exclude").length,
    0,
  );
  requireAtMost(CAPS.exclusions, excluded, "ipam.exclude", 'entries, with those of single "ranges"');
  requireAtMost(CAPS.routes, listAt(ipam, "routes").length, "ipam.routes", "routes");
  requireAtMost(CAPS.listParts, listAt(runtime, "ips").length, "runtimeConfig.ips", "addresses");
  requireAtMost(CAPS.listParts, listAt(cni, "ips").length, "args.cni.ips", "addresses");
}

/** Where range sets stand. */
type Place = readonly [path: string, sets: readonly unknown[]];

function requireSets(places: readonly Place[]): void {
  const paths = places.map(([path]) => path).join(" and ");
  const sets = places.flatMap(([, of]) => of);
  const hint = "each range set gives one address: fallbacks of each other belong into one set";
  requireAtMost(CAPS.rangeSets, sets.length, paths, "range sets", hint);
  const ranges = sets.reduce<number>((sum, set) => sum + (Array.isArray(set) ? set.length : 0), 0);
  requireAtMost(CAPS.ranges, ranges, paths, "ranges", "write larger ranges, and fewer");
}

function requireAtMost(
  most: number,
  count: number,
  path: string,
  what: string,
  hint = "write fewer, larger ones",
): void {
  if (count <= most) return;
  throw new IpamError(
    "invalidConfig",
    `${path} ${path.includes(" and ") ? "have" : "has"} ${count} ${what}, more than ${most}`,
    hint,
  );
}

function objectAt(section: Json | undefined, key: string): Json | undefined {
  const value = section && member(section, key);
  return isObject(value) ? value : undefined;
}

function listAt(section: Json | undefined, key: string): readonly unknown[] {
  const value: unknown = section && member(section, key);
  return Array.isArray(value) ? value : [];
}
