import { clusterOfRecords } from "../cluster-names.ts";
import type { Ports } from "../ports.ts";
import {
  type Holder,
  type Owner,
  RECORD_VERSION,
  type ReservationRecord,
  type Retention,
} from "../records.ts";
import { sameOwner, samePod } from "../same.ts";

/** A reservation that an operator wants, without its addresses. */
export interface ReservationWish {
  readonly space: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  /** Reserve it also where another attachment holds the address: that one keeps it until it ends. */
  readonly evenIfHeld: boolean;
  readonly requireInit: boolean;
}

/** Which reservations a caller may end. */
export interface ReservationScope {
  readonly space: string;
  /** Only those with an owner in this Kubernetes namespace; any other one counts as absent. */
  readonly namespace?: string;
}

/** The result of reserving. */
export interface ReservationDone {
  /** False where the same reservation existed already. */
  readonly created: boolean;
  /** The holders of its addresses, which keep them. */
  readonly holders: readonly Holder[];
}

/** The record of an operator's reservation. */
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
    ...(owner.kind !== "Note" && clusterOfRecords(ports)),
    since: new Date().toISOString(),
  };
}

/** Whether a reservation already is what the operator wants. */
export function isSettled(present: ReservationRecord, wish: ReservationWish): boolean {
  return (
    present.kind === "operator" &&
    sameOwner(present.owner, wish.owner) &&
    present.retain === wish.retain &&
    present.note === wish.note
  );
}

/**
 * Whether the holder belongs to the owner: it is the owner's pod itself, or a pod in the workload's
 * namespace, which is the boundary of trust (docs/design.md section 5).
 */
export function holdsForOwner({ pod }: Holder, owner: Owner): boolean {
  if (pod === undefined || owner.kind === "Note") return false;
  return owner.kind === "Pod" ? samePod(pod, owner) : pod.namespace === owner.namespace;
}
