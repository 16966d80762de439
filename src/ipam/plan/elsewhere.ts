import { type Interval, oneAddress } from "../../address/interval.ts";
import type { RangeSet } from "../../address/range.ts";
import type { Target } from "./target.ts";

/**
 * Addresses of the other sets of a network: their dynamic ranges, and the named addresses of the
 * targets so far.
 */
export function elsewhere(sets: readonly RangeSet[], set: RangeSet, targets: readonly Target[]): Interval[] {
  const others = sets.filter((each) => each !== set).flatMap(({ ranges }) => ranges);
  return [...others.map(({ dynamic }) => dynamic), ...targets.flatMap(namedIn)];
}

/** The address of a named target, as an interval; empty for an open target. */
export function namedIn(target: Target): Interval[] {
  return target.kind === "named" ? [oneAddress(target.address)] : [];
}
