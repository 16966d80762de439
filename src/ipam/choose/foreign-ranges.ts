import type { Address } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { clusterRelation } from "../cluster-relation.ts";
import type { ReservedRange } from "../records.ts";
import { belongsToAsker } from "../reserve/belongs-to-asker.ts";
import { intervalOf, reservedRangesAt } from "../reserve/reserved-ranges.ts";
import type { Attempt } from "../view/attempt.ts";
import type { View } from "../view/view.ts";

/** The ranges of this space that are reserved for other owners. */
export function foreignRanges(attempt: Attempt, view: View): Interval[] {
  return (view.reservedRanges?.record.ranges ?? []).filter((range) => !isOwn(attempt, range)).map(intervalOf);
}

/** The reserved range of another owner that contains this address. */
export function foreignRangeOf(attempt: Attempt, view: View, address: Address): ReservedRange | undefined {
  return reservedRangesAt(view.reservedRanges?.record, address).find((range) => !isOwn(attempt, range));
}

/** The asking pod itself counts as an owner, beside its workload. Names count only within one cluster. */
function isOwn({ ports, request }: Attempt, { reservation }: ReservedRange): boolean {
  if (clusterRelation(reservation.cluster, ports.clusterNames) === "other") return false;
  const { pod, wish } = request;
  return belongsToAsker(reservation, { ...(pod && { pod }), ...(wish.owner && { owner: wish.owner.owner }) });
}
