import type { Interval } from "../../address/interval.ts";
import type { RangeSet } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type NETWORK_ENTRIES, RANGE_ENTRIES, RANGES } from "../text/entries.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import type { Refuse } from "../text/key-fault.ts";
import { readEntries, type Values, type Warn } from "../text/read-shape.ts";
import type { RangeValues } from "./range.ts";
import { disjointSets, excludedIn, type PlacedSet, placeRange, placeSets } from "./range-sets.ts";

/**
 * The range sets that the network names itself, in the order of the result: `runtimeConfig.ipRanges`,
 * `subnet` at the top, `ranges` (docs/behaviour.md B15, C26, D18).
 *
 * @throws IpamError invalidConfig for ranges that are not valid or overlap, and where there is none.
 */
export function ownSets({ document, values, warn, refuse }: Input): OwnSets {
  const sets = [
    ...runtimeSets(document, warn),
    ...(values.subnet === undefined ? [] : [[placeRange(values, "ipam", warn)]]),
    ...placeSets(values.ranges ?? [], "ipam.ranges", warn),
  ];
  if (sets.length > 0) {
    refuseWithoutSubnet(values, refuse);
    return { sets: disjointSets(sets), exclude: excludedIn(sets) };
  }
  throw new IpamError(
    "invalidConfig",
    'ipam names no addresses: expected "subnet", "ranges" or "pool"',
    'for example "subnet": "10.1.2.0/24"',
  );
}

interface Input {
  readonly document: Json;
  readonly values: Values<typeof NETWORK_ENTRIES>;
  readonly warn: Warn;
  /** Hears of keys that would have to be ignored. */
  readonly refuse: Refuse;
}

interface OwnSets {
  readonly sets: readonly RangeSet[];
  /** What single ranges exclude. */
  readonly exclude: readonly Interval[];
}

/** True where the runtime hands over ranges of its own. */
export function hasRuntimeRanges(document: Json): boolean {
  return runtimeRanges(document) !== undefined;
}

function runtimeSets(document: Json, warn: Warn): PlacedSet[] {
  const ipRanges = runtimeRanges(document);
  if (ipRanges === undefined) return [];
  const values = readEntries({ ipRanges: RANGES }, { ipRanges }, { path: "runtimeConfig.", warn });
  return placeSets(values.ipRanges ?? [], "runtimeConfig.ipRanges", warn);
}

function runtimeRanges(document: Json): unknown {
  const runtime = member(document, "runtimeConfig");
  return (isObject(runtime) ? member(runtime, "ipRanges") : undefined) ?? undefined;
}

/** host-local ignores the keys of a range without its `subnet`. They say which addresses are meant. */
function refuseWithoutSubnet(values: RangeValues, refuse: Refuse): void {
  if (values.subnet !== undefined) return;
  const useless = Object.keys(RANGE_ENTRIES).filter((key) => Object.hasOwn(values, key));
  if (useless.length === 0) return;
  refuse(
    new IpamError(
      "invalidConfig",
      `ipam.subnet is not set, so ipam.${useless.join(", ipam.")} would not count`,
      'such keys belong into the range of "ranges" that is meant, beside its "subnet"',
    ),
  );
}
