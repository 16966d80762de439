import type { Address } from "./address.ts";
import { type Cidr, cidrContains } from "./cidr.ts";
import { type Interval, intervalContains } from "./interval.ts";

/** A part of a subnet from which addresses are given out. */
export interface Range {
  /** The network's address, no host bits. */
  readonly subnet: Cidr;
  /** rangeStart..rangeEnd as configured or defaulted. */
  readonly dynamic: Interval;
  /** fixedStart..fixedEnd: inside the subnet, never given out dynamically. */
  readonly fixed?: Interval;
  /** What the result names as gateway; absent where the configuration says none. */
  readonly gateway?: Address;
}

/** What is known of a range, at the least its subnet. */
export type RangePart = Pick<Range, "subnet"> & Partial<Range>;

/** Fallback order: the next range is used when the ones before are full. One family. */
export interface RangeSet {
  readonly ranges: readonly Range[];
}

/**
 * The range of a set that an address belongs to, and has gateway and prefix of: the one that gives it
 * out, else the one that keeps it for fixed addresses, else the first of its subnet, because a fixed
 * address may lie outside rangeStart-rangeEnd. Undefined where no subnet of the set holds it.
 */
export function rangeOf<R extends RangePart>(
  { ranges }: { readonly ranges: readonly R[] },
  address: Address,
): R | undefined {
  const ofSubnet = ranges.filter(({ subnet }) => cidrContains(subnet, address));
  return (
    ofSubnet.find(({ dynamic }) => dynamic !== undefined && intervalContains(dynamic, address)) ??
    ofSubnet.find(({ fixed }) => fixed !== undefined && intervalContains(fixed, address)) ??
    ofSubnet[0]
  );
}

/** The same among several sets: the first set whose subnets hold the address tells. */
export function rangeAmong(sets: readonly RangeSet[], address: Address): Range | undefined {
  for (const set of sets) {
    const range = rangeOf(set, address);
    if (range !== undefined) return range;
  }
  return undefined;
}
