import { type Address, parseAddress } from "../../address/address.ts";
import { type Interval, intervalContains } from "../../address/interval.ts";
import type { ReservedRange, ReservedRangesRecord } from "../records.ts";

/**
 * The reserved ranges of an address space that contain this address: an operator's, and those that a
 * recovery blocks for nodes that have not answered.
 */
export function reservedRangesAt(
  record: ReservedRangesRecord | undefined,
  address: Address,
): readonly ReservedRange[] {
  return (record?.ranges ?? []).filter((range) => intervalContains(intervalOf(range), address));
}

/** The addresses of a reserved range. */
export function intervalOf({ first, last }: Pick<ReservedRange, "first" | "last">): Interval {
  return { first: parseAddress(first), last: parseAddress(last) };
}
