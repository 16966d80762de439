import type { Ports } from "../ports.ts";
import {
  type Holder,
  type Owner,
  RECORD_VERSION,
  type ReservationRecord,
  type Retention,
} from "../records.ts";
import { sameOwner, samePod } from "../same.ts";

/** What an operator wants reserved, whatever addresses it is about. */
export interface ReservationWish {
  readonly space: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  /** Also where another has the address now: it keeps it until it ends. */
  readonly evenIfHeld: boolean;
  readonly requireInit: boolean;
}

/** Which reservation may be ended. */
export interface ReservationScope {
  readonly space: string;
  /** Only where its owner is of this Kubernetes namespace; any other one counts as absent. */
  readonly namespace?: string;
}

/** What came of it. */
export interface ReservationDone {
  /** False where the very same reservation was there already. */
  readonly created: boolean;
  /** Who has addresses of it now, and keeps them. */
  readonly holders: readonly Holder[];
}

export function operatorReservation(
  { owner, retain, note }: ReservationWish,
  ports: Ports,
): ReservationRecord {
  return {
    version: RECORD_VERSION,
    owner,
    kind: "operator",
    retain,
    ...(note !== undefined && { note }),
    ...(ports.clusterUid !== undefined && owner.kind !== "Note" && { cluster: ports.clusterUid }),
    since: new Date().toISOString(),
  };
}

/** Whether a reservation says already what an operator wants. */
export function isSettled(present: ReservationRecord, wish: ReservationWish): boolean {
  return (
    present.kind === "operator" &&
    sameOwner(present.owner, wish.owner) &&
    present.retain === wish.retain &&
    present.note === wish.note
  );
}

/**
 * Whether who has the address now is the owner's own: the pod itself, or a pod of the workload's
 * namespace, which is the boundary of trust (docs/design.md section 5).
 */
export function holdsForOwner({ pod }: Holder, owner: Owner): boolean {
  if (pod === undefined || owner.kind === "Note") return false;
  return owner.kind === "Pod" ? samePod(pod, owner) : pod.namespace === owner.namespace;
}
