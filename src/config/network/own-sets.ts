import type { RangeSet } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type NETWORK_ENTRIES, RANGE_ENTRIES, RANGES } from "../text/entries.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { readEntries, type Values, type Warn } from "../text/read-shape.ts";
import { warnUnknownInRanges } from "../text/unknown-keys.ts";
import type { RangeValues } from "./range.ts";
import { disjointSets, type PlacedSet, placeRange, placeSets } from "./range-sets.ts";

/**
 * The range sets that the network names itself, in the order of the result: `runtimeConfig.ipRanges`,
 * `subnet` at the top, `ranges` (docs/behaviour.md B15, C26, D18).
 *
 * @throws IpamError invalidConfig for ranges that are not valid or overlap, and where there is none.
 */
export function ownSets(document: Json, values: Values<typeof NETWORK_ENTRIES>, warn: Warn): RangeSet[] {
  const sets = [
    ...runtimeSets(document, warn),
    ...topSet(values, warn),
    ...placeSets(values.ranges ?? [], "ipam.ranges", warn),
  ];
  if (sets.length > 0) return disjointSets(sets);
  throw new IpamError(
    "invalidConfig",
    'ipam names no addresses: expected "subnet", "ranges" or "pool"',
    'for example "subnet": "10.1.2.0/24"',
  );
}

/** True where the runtime hands over ranges of its own. */
export function hasRuntimeRanges(document: Json): boolean {
  return runtimeRanges(document) !== undefined;
}

function runtimeSets(document: Json, warn: Warn): PlacedSet[] {
  const ipRanges = runtimeRanges(document);
  if (ipRanges === undefined) return [];
  const reading = { path: "runtimeConfig.", warn };
  warnUnknownInRanges({ ipRanges }, reading, "ipRanges");
  const values = readEntries({ ipRanges: RANGES }, { ipRanges }, reading);
  return placeSets(values.ipRanges ?? [], "runtimeConfig.ipRanges", warn);
}

function runtimeRanges(document: Json): unknown {
  const runtime = member(document, "runtimeConfig");
  return (isObject(runtime) ? member(runtime, "ipRanges") : undefined) ?? undefined;
}

/** Without `subnet`, the other keys of a range have no meaning at the top; host-local ignores them too. */
function topSet(values: RangeValues, warn: Warn): PlacedSet[] {
  if (values.subnet !== undefined) return [[placeRange(values, "ipam", warn)]];
  const useless = Object.keys(RANGE_ENTRIES).filter((key) => Object.hasOwn(values, key));
  if (useless.length > 0) warn(`ipam.${useless.join(", ipam.")} is ignored, because ipam.subnet is not set`);
  return [];
}
