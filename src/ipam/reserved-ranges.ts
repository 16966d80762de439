import { parseAddress } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { Attempt } from "./attempt.ts";
import type { Picture } from "./picture.ts";
import type { ReservedRange } from "./records.ts";
import { sameOwner, samePod } from "./same.ts";

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

/** A pod's own name counts as an owner too, whatever workload it belongs to. */
function isOwn({ request }: Attempt, { reservation }: ReservedRange): boolean {
  const owner = request.wish.owner?.owner;
  if (owner !== undefined && sameOwner(owner, reservation.owner)) return true;
  return (
    reservation.owner.kind === "Pod" && request.pod !== undefined && samePod(request.pod, reservation.owner)
  );
}
