import type { Address } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { clusterRelation } from "../cluster-relation.ts";
import type { ReservedRange } from "../records.ts";
import { refsAround } from "../ref-to.ts";
import { belongsToAsker } from "../reserve/belongs-to-asker.ts";
import { blockIn } from "../reserve/blocks.ts";
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

/** Whether an operator has reserved a range with the address for another owner; a recovery's block is none. */
export function isInRangeOfOther(attempt: Attempt, view: View, address: Address): boolean {
  const range = foreignRangeOf(attempt, view, address);
  return range !== undefined && blockIn(range) === undefined;
}

/** Whether an operator has reserved the address for another owner, alone or within a range, by a view that read it. */
export function isOperatorsForOther(attempt: Attempt, view: View, address: Address): boolean {
  if (foreignRangeOf(attempt, view, address) !== undefined) return isInRangeOfOther(attempt, view, address);
  const [, ref] = refsAround(attempt.request.network.space, address);
  const reservation = view.snapshot.get(ref)?.record;
  return reservation?.kind === "operator" && !isOwn(attempt, { reservation });
}

/** The asking pod itself counts as an owner, beside its workload. Names count only within one cluster. */
function isOwn({ ports, request }: Attempt, { reservation }: Pick<ReservedRange, "reservation">): boolean {
  if (clusterRelation(reservation.cluster, ports.clusterNames) === "other") return false;
  const { pod, wish } = request;
  return belongsToAsker(reservation, { ...(pod && { pod }), ...(wish.owner && { owner: wish.owner.owner }) });
}
