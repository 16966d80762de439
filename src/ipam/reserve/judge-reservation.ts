import { type Address, formatAddress } from "../../address/address.ts";
import type { ClusterNames } from "../cluster-names.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import { type ClusterRelation, clusterRelation } from "../cluster-relation.ts";
import { IpamError } from "../errors.ts";
import { addressIn, describeOwner, renamed, spaceOption } from "../in-words.ts";
import type { PodId, ReservationRecord } from "../records.ts";
import { belongsToAsker } from "./belongs-to-asker.ts";

/**
 * What a reservation means for a pod that asks for its address. A caller guards every "pass-on" by the
 * reservation's revision.
 */
export type ReservationVerdict =
  | { readonly action: "own" }
  | { readonly action: "pass-on"; readonly reason: PassOnReason }
  | { readonly action: "refuse"; readonly refusal: IpamError };

/** Why a reservation passes to another owner, for the log. */
export type PassOnReason =
  | "the pod is in the owner's namespace and names the address"
  | "its owner is gone"
  | "it was made to end with its pod";

export interface ReservationFacts {
  readonly address: Address;
  /** The address space of the reservation. */
  readonly space: string;
  readonly reservation: ReservationRecord;
  readonly asker: ReservationAsker;
  /** What the asker's cluster is called, where known. */
  readonly clusterNames?: ClusterNames;
  /** Whether the address has an allocation now. */
  readonly held: boolean;
  /** The owner by a live read. */
  readonly ownerState: "present" | "gone" | "unknown" | "not asked";
  /** Why `ownerState` is "unknown", where the read failed. */
  readonly unknownBecause?: IpamError;
}

export interface ReservationAsker {
  readonly pod?: PodId;
  readonly owner?: OwnerFacts;
  /** True where the annotation or request names this address; false where any address will do. */
  readonly names: boolean;
}

/**
 * Decides whether the asker may take a reserved address (docs/design.md section 5). Its owner always
 * may. Another asker may take it only from an automatic reservation, if the owner is gone, or if the
 * asker is in the owner's namespace and names the address. Pure.
 */
export function judgeReservation(facts: ReservationFacts): ReservationVerdict {
  const cluster = clusterRelation(facts.reservation.cluster, facts.clusterNames);
  if (isOwner(facts, cluster)) return { action: "own" };
  const reason = passOnReason(facts, cluster);
  return reason === undefined
    ? { action: "refuse", refusal: refusal(facts, cluster) }
    : { action: "pass-on", reason };
}

/** Whether the verdict depends on `ownerState`, so that it needs a live read. */
export function dependsOnOwner(facts: ReservationFacts): boolean {
  const refusedIf = (ownerState: ReservationFacts["ownerState"]) =>
    judgeReservation({ ...facts, ownerState }).action === "refuse";
  return refusedIf("unknown") && !(refusedIf("gone") && refusedIf("present"));
}

function passOnReason(facts: ReservationFacts, cluster: ClusterRelation): PassOnReason | undefined {
  const { asker, held, ownerState, reservation } = facts;
  if (reservation.kind === "operator" || cluster !== "same") return undefined;
  const namespace = asker.pod?.namespace;
  if (asker.names && namespace !== undefined && namespace === reservation.owner.namespace) {
    return "the pod is in the owner's namespace and names the address";
  }
  if (reservation.retain === "delete" && !held) return "it was made to end with its pod";
  // A duration begins when the owner is gone; only a process that watched all the time knows when it is over (NO-CLOCKS).
  const endsWithOwner =
    reservation.retain === "workload" || reservation.retain === "delete" || reservation.retain === 0;
  return endsWithOwner && ownerState === "gone" ? "its owner is gone" : undefined;
}

/**
 * The asking pod itself counts as an owner, beside its workload. Names count only within one cluster.
 * "Another" cluster may be this one under an earlier UID: so an owner whose UID exists here counts.
 */
function isOwner({ asker, ownerState, reservation }: ReservationFacts, cluster: ClusterRelation): boolean {
  const { pod, owner } = asker;
  if (!belongsToAsker(reservation, { ...(pod && { pod }), ...(owner && { owner: owner.owner }) }))
    return false;
  return cluster !== "other" || (reservation.owner.uid !== undefined && ownerState === "present");
}

function refusal(facts: ReservationFacts, cluster: ClusterRelation): IpamError {
  const { address, reservation, space } = facts;
  const { owner, note } = reservation;
  const text = formatAddress(address);
  const remark = note === undefined ? "" : ` (${note})`;
  return new IpamError(
    cluster === "unknown" || facts.unknownBecause?.name === "tryAgain" ? "tryAgain" : "addressHeld",
    `address ${addressIn(space, address)} is reserved for ${describeOwner(owner)}${remark}`,
    `${why(facts, cluster)}; choose another address, or end the reservation with 'kube-ipam ip unreserve${spaceOption(space)} ${text}'`,
  );
}

function why(facts: ReservationFacts, cluster: ClusterRelation): string {
  const { reservation, ownerState, unknownBecause } = facts;
  if (cluster === "other")
    return `the reservation belongs to another cluster (${reservation.cluster})${renamed(reservation.cluster)}`;
  if (cluster === "unknown")
    return "kube-ipam could not read the UID of this cluster, so the reservation may belong to another cluster";
  if (reservation.kind === "operator") return "an operator's reservation ends only when an operator ends it";
  if (reservation.retain === "keep") return "the pod that had it asked to keep it (kube-ipam.retain: keep)";
  if (typeof reservation.retain === "number" && reservation.retain > 0)
    return `it stays reserved for ${reservation.retain} s after its owner is gone (kube-ipam.retain)`;
  if (ownerState === "unknown") {
    const reason = unknownBecause === undefined ? "" : ` (${unknownBecause.message})`;
    return `kube-ipam could not read whether that owner still exists${reason}`;
  }
  return "kube-ipam keeps the address for that owner while it exists";
}
