import { clusterOfRecords } from "../cluster-names.ts";
import { clusterRelation } from "../cluster-relation.ts";
import { IpamError } from "../errors.ts";
import { NOTE_KIND, OWN_KINDS } from "../own-kinds.ts";
import type { Ports } from "../ports.ts";
import {
  type Holder,
  type Owner,
  RECORD_VERSION,
  type ReservationRecord,
  type Retention,
} from "../records.ts";
import { sameOwner, samePod } from "../same.ts";
import type { Share } from "./share.ts";

/** A reservation that an operator wants, without its addresses. */
export interface ReservationWish {
  readonly space: string;
  readonly owner: Owner;
  readonly retain: Retention;
  readonly note?: string;
  /** Reserve it also where another attachment holds the address: that one keeps it until it ends. */
  readonly evenIfHeld: boolean;
  readonly requireInit: boolean;
  /** Counted in the same transaction; absent: nobody counts. Ranges are not counted. */
  readonly share?: Share;
}

/** Which reservations a caller may end. */
export interface ReservationScope {
  readonly space: string;
  /** Only those with an owner in this Kubernetes namespace of the own cluster; any other one counts as absent. */
  readonly namespace?: string;
}

/** The result of reserving. */
export interface ReservationDone {
  /** False where the same reservation existed already. */
  readonly created: boolean;
  /** The holders of its addresses, which keep them. */
  readonly holders: readonly Holder[];
}

/**
 * Refuses an owner of a kind that only our own records have, but for a remark: its record counts or blocks, and
 * reserving for it would change that.
 *
 * @throws IpamError invalidConfig
 */
export function requireOwnable({ kind }: Pick<Owner, "kind">): void {
  if (kind === NOTE_KIND || !OWN_KINDS.has(kind)) return;
  throw new IpamError(
    "invalidConfig",
    `nothing can be reserved for an owner of kind '${kind}': kube-ipam's own records are of that kind`,
    "name a pod, its workload, or a remark",
  );
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
    ...(owner.kind !== NOTE_KIND && clusterOfRecords(ports)),
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

/** What the cluster is called for which somebody reserves; undefined where nobody knows. */
export type NamedCluster = Pick<Ports, "clusterNames">;

/** Whether a reservation is for this owner already. What another cluster calls the same is somebody else. */
export function isReservedFor(
  owner: Owner,
  present: Pick<ReservationRecord, "owner" | "cluster">,
  { clusterNames }: NamedCluster,
): boolean {
  return sameOwner(present.owner, owner) && clusterRelation(present.cluster, clusterNames) !== "other";
}

/**
 * Whether the holder belongs to the owner: it is the owner's pod itself, or a pod in the workload's
 * namespace, which is the boundary of trust (docs/design.md section 5); of the same cluster.
 */
export function holdsForOwner(
  { cluster, pod }: Holder,
  owner: Owner,
  { clusterNames }: NamedCluster,
): boolean {
  if (pod === undefined || owner.kind === NOTE_KIND) return false;
  if (clusterRelation(cluster, clusterNames) === "other") return false;
  return owner.kind === "Pod" ? samePod(pod, owner) : pod.namespace === owner.namespace;
}
