import { type Cidr, cidrInterval, formatCidr } from "../../address/cidr.ts";
import { findOverlap, type Interval, overlapFinder, overlaps } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import type { Range, RangeSet } from "../../address/range.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Warn } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";
import { makeRange, type RangeItemValues } from "./range.ts";

/** A range and where it stands in the configuration: "ipam.ranges[0][1]". */
export interface PlacedRange {
  readonly path: string;
  readonly range: Range;
  /** Addresses of its subnet that nobody gets. */
  readonly exclude: readonly Interval[];
}

/** One range set, before its ranges were compared with those of other sets. */
export type PlacedSet = readonly PlacedRange[];

/**
 * Reads `ranges`: a list of sets, each a list of ranges.
 *
 * @throws IpamError invalidConfig for a set that is empty, or holds two families.
 */
export function placeSets(
  sets: readonly (readonly RangeItemValues[])[],
  path: string,
  warn: Warn,
): PlacedSet[] {
  return sets.map((set, index) => {
    const setPath = `${path}[${index}]`;
    if (set.length === 0) throw wrongValue(setPath, set, "a range set with at least one range");
    return oneFamily(
      set.map((values, place) => placeRange(values, `${setPath}[${place}]`, warn)),
      setPath,
    );
  });
}

/** @throws IpamError invalidConfig for a range that is not valid, and where it excludes another subnet's addresses. */
export function placeRange(values: RangeItemValues, path: string, warn: Warn): PlacedRange {
  const range = makeRange(values, { path: `${path}.`, warn });
  return { path, range, exclude: excludedOf(values.exclude ?? [], range.subnet, `${path}.exclude`) };
}

/** What the ranges exclude, each within its own subnet. */
export function excludedIn(sets: readonly PlacedSet[]): Interval[] {
  return sets.flatMap((set) => set.flatMap(({ exclude }) => exclude));
}

/**
 * The sets as the decisions see them, once no two ranges share an address (docs/behaviour.md C22-C25).
 *
 * @throws IpamError invalidConfig naming the two ranges.
 */
export function disjointSets(sets: readonly PlacedSet[]): RangeSet[] {
  const overlap = findOverlap(sets.flat(), ({ range }) => range.dynamic);
  if (overlap !== undefined) throw overlapping(...overlap);
  requireOwnFixedParts(sets);
  return sets.map((set) => ({ ranges: set.map(({ range }) => range) }));
}

function excludedOf(exclude: readonly Interval[], subnet: Cidr, path: string): Interval[] {
  const whole = cidrInterval(subnet);
  return exclude.map((interval, index) => {
    if (!overlaps(interval, whole)) {
      const expected = `in the range's own subnet, ${formatCidr(subnet)}`;
      throw wrongValue(
        `${path}[${index}]`,
        formatInterval(interval),
        expected,
        'what else nobody may get belongs into the "exclude" of "ipam"',
      );
    }
    return {
      first: interval.first.value < whole.first.value ? whole.first : interval.first,
      last: interval.last.value > whole.last.value ? whole.last : interval.last,
    };
  });
}

function oneFamily(set: PlacedSet, path: string): PlacedSet {
  const families = new Set(set.map(({ range }) => range.subnet.address.family));
  if (families.size < 2) return set;
  throw new IpamError(
    "invalidConfig",
    `${path} mixes address families: all subnets of a range set must be IPv4, or all IPv6`,
    "each range set gives one address: for dual stack, write one set for IPv4 and one for IPv6",
  );
}

function overlapping(one: PlacedRange, other: PlacedRange): IpamError {
  return new IpamError(
    "invalidConfig",
    `${one.path} overlaps with ${other.path}: ${formatInterval(one.range.dynamic)} and ${formatInterval(other.range.dynamic)} share addresses`,
    "narrow one of them with rangeStart and rangeEnd, or remove it",
  );
}

/** In another set, the fixed part would be given out dynamically after all. */
function requireOwnFixedParts(sets: readonly PlacedSet[]): void {
  const givers = sets.flatMap((set) => set.map((placed) => ({ set, placed })));
  const overlapping = overlapFinder(
    givers,
    ({ placed }) => placed.range.dynamic,
    ({ set }) => set,
  );
  for (const set of sets) {
    for (const { path, range } of set) {
      const other = range.fixed && overlapping(range.fixed, set);
      if (range.fixed && other) throw fixedElsewhere(path, range.fixed, other.placed);
    }
  }
}

function fixedElsewhere(path: string, fixed: Interval, other: PlacedRange): IpamError {
  const given = formatInterval(other.range.dynamic);
  return new IpamError(
    "invalidConfig",
    `the fixed part ${formatInterval(fixed)} of ${path} overlaps with ${other.path}, which gives out ${given}`,
    "move fixedStart and fixedEnd, or narrow the other range with rangeStart and rangeEnd",
  );
}
