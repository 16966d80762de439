import { parseAddress } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { Attempt } from "./attempt.ts";
import type { Picture } from "./picture.ts";
import type { ReservedRange } from "./records.ts";
import { sameOwner } from "./same.ts";

/** The ranges of this space that are reserved for others than the asker. */
export function foreignRanges(attempt: Attempt, picture: Picture): Interval[] {
  return (picture.reservedRanges?.record.ranges ?? [])
    .filter((range) => !isOwn(attempt, range))
    .map(({ first, last }) => ({ first: parseAddress(first), last: parseAddress(last) }));
}

/** The reserved range, of another owner, that holds this address. */
export function foreignRangeOf(attempt: Attempt, picture: Picture, value: bigint): ReservedRange | undefined {
  return (picture.reservedRanges?.record.ranges ?? []).find(
    (range) =>
      parseAddress(range.first).value <= value &&
      value <= parseAddress(range.last).value &&
      !isOwn(attempt, range),
  );
}

function isOwn(attempt: Attempt, range: ReservedRange): boolean {
  const owner = attempt.request.wish.owner?.owner;
  return owner !== undefined && sameOwner(owner, range.reservation.owner);
}
