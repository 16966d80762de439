import type { Owner, PodId, ReservationRecord } from "../records.ts";
import { sameOwner, samePod } from "../same.ts";

/** Who asks for a reserved address. */
export interface OwnerAsking {
  readonly pod?: PodId;
  /** The pod's workload or virtual machine, or the pod itself. */
  readonly owner?: Owner;
}

/**
 * Whether a reservation waits for the asker by its names: for its owner, or for the pod itself, whatever
 * workload it belongs to. Names count within one cluster only, which the caller must judge.
 */
export function belongsToAsker({ owner }: Pick<ReservationRecord, "owner">, asker: OwnerAsking): boolean {
  if (asker.owner !== undefined && sameOwner(owner, asker.owner)) return true;
  return owner.kind === "Pod" && asker.pod !== undefined && samePod(owner, asker.pod);
}
