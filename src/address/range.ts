import type { Address } from "./address.ts";
import type { Cidr } from "./cidr.ts";
import type { Interval } from "./interval.ts";

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

/** Fallback order: the next range is used when the ones before are full. One family. */
export interface RangeSet {
  readonly ranges: readonly Range[];
}
