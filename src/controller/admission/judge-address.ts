import { formatAddress } from "../../address/address.ts";
import { IpamError, inFull } from "../../ipam/errors.ts";
import { gatherReservationFacts } from "../../ipam/hand-over/gather-facts.ts";
import { isHeldIn, isReservedIn, type NamespaceOf } from "../../ipam/of-namespace.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { AllocationRecord, ReservationRecord } from "../../ipam/records.ts";
import { judgeReservation } from "../../ipam/reserve/judge-reservation.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { notAvailable } from "../api/not-available.ts";
import type { AddressRecords, Place } from "./address-records.ts";
import { type Finding, refuse, warn } from "./finding.ts";
import type { Workload } from "./workload.ts";
import { askingPod, type OwnerOf } from "./workload-owner.ts";

/** Whose pods ask for an address, and what is asked about it. */
export interface AddressContext {
  readonly workload: Workload;
  readonly ownerOf: OwnerOf;
  readonly ports: Pick<Ports, "store" | "cluster" | "clusterNames">;
  readonly options: CallOptions;
}

/** An address that a workload's pods ask for, in one address space. */
export interface AskedAddress extends Place {
  /** The annotation that names it. */
  readonly source: string;
}

/**
 * Whether the pods could have this address now; undefined where they could.
 *
 * @throws StoreFailure, IpamError.
 */
export async function judgeAddress(
  asked: AskedAddress,
  { allocation, reservation }: AddressRecords,
  context: AddressContext,
): Promise<Finding | undefined> {
  if (reservation === undefined) return heldByOthers(asked, allocation, context);
  const refusal = await refusalOf(asked, reservation, allocation !== undefined, context);
  if (refusal === undefined) return undefined;
  const of = namespaceOf(context);
  const told = isReservedIn(of, reservation)
    ? refusal
    : notAvailable(of.namespace, formatAddress(asked.address));
  const message = `${asked.source}: ${inFull(told)}`;
  return refusal.name === "tryAgain" ? warn(message) : refuse(message);
}

/** Whose pods ask: they hear of their own namespace by name, of others only that they cannot have the address. */
function namespaceOf({ ports, workload }: AddressContext): NamespaceOf {
  return { namespace: workload.namespace, clusterNames: ports.clusterNames };
}

/** Why an ADD would not get the reserved address. What was not read may be otherwise when the pod starts. */
async function refusalOf(
  { address, space }: AskedAddress,
  reservation: ReservationRecord,
  held: boolean,
  { workload, ownerOf, ports, options }: AddressContext,
): Promise<IpamError | undefined> {
  const pod = askingPod(workload, reservation);
  const asking = { address, space, pod, owner: await ownerOf(), names: true };
  const facts = await gatherReservationFacts(asking, reservation, held, ports, options.deadline);
  const verdict = judgeReservation(facts);
  if (verdict.action !== "refuse") return undefined;
  const read = facts.ownerState === "present" || facts.ownerState === "gone";
  if (read || reservation.kind !== "automatic" || reservation.retain === "keep") return verdict.refusal;
  return new IpamError("tryAgain", verdict.refusal.message, verdict.refusal.details);
}

/** A pod of the same namespace hands its address over as a rule; another team's may live for long. */
function heldByOthers(
  { address, source }: AskedAddress,
  allocation: AllocationRecord | undefined,
  context: AddressContext,
): Finding | undefined {
  const of = namespaceOf(context);
  if (allocation === undefined || allocation.holders.every((holder) => isHeldIn(of, holder)))
    return undefined;
  const { message } = notAvailable(of.namespace, formatAddress(address));
  return warn(`${source}: ${message} now; a pod that asks for it waits until it is free`);
}
