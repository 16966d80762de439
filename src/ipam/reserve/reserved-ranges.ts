import { type Address, parseAddress } from "../../address/address.ts";
import { type Interval, intervalContains } from "../../address/interval.ts";
import { clusterRelation } from "../hand-over/hand-over-facts.ts";
import type { ReservedRange } from "../records.ts";
import { sameOwner, samePod } from "../same.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Picture } from "../view/picture.ts";

/** The ranges of this space that are reserved for others than the asker. */
export function foreignRanges(attempt: Attempt, picture: Picture): Interval[] {
  return (picture.reservedRanges?.record.ranges ?? [])
    .filter((range) => !isOwn(attempt, range))
    .map(intervalOf);
}

/** The reserved range, of another owner, that holds this address. */
export function foreignRangeOf(
  attempt: Attempt,
  picture: Picture,
  address: Address,
): ReservedRange | undefined {
  return (picture.reservedRanges?.record.ranges ?? []).find(
    (range) => intervalContains(intervalOf(range), address) && !isOwn(attempt, range),
  );
}

export function intervalOf({ first, last }: Pick<ReservedRange, "first" | "last">): Interval {
  return { first: parseAddress(first), last: parseAddress(last) };
}

/** A pod's own name counts as an owner too, whatever workload it belongs to; names only within one cluster. */
function isOwn({ ports, request }: Attempt, { reservation }: ReservedRange): boolean {
  if (clusterRelation(reservation.cluster, ports.clusterUid) === "other") return false;
  const owner = request.wish.owner?.owner;
  if (owner !== undefined && sameOwner(owner, reservation.owner)) return true;
  return (
    reservation.owner.kind === "Pod" && request.pod !== undefined && samePod(request.pod, reservation.owner)
  );
}
