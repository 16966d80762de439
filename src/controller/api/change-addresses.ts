import { type Address, formatAddress } from "../../address/address.ts";
import { type Interval, isOneAddress, overlaps } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { poolIntervals } from "../../config/settings/pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import { requireNamespaces } from "../../ipam/plan/policy.ts";
import type { Addresses } from "../../operator/addresses.ts";
import type {
  EndedReservation,
  Release,
  ReleaseSpec,
  Reservation,
  ReservationSpec,
} from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import { BeyondNamespace } from "./beyond-namespace.ts";
import { readIntervalOf } from "./bodies.ts";
import { object, type Scope } from "./objects.ts";

/** One authorised request: for which namespace, and what it works on. */
export interface ScopedCall {
  readonly scope: Scope;
  readonly addresses: Addresses;
  readonly context: ControllerContext;
}

/** @throws IpamError, StoreFailure, BadRequest */
export async function reserveFor(
  spec: ReservationSpec,
  { addresses, context, scope }: ScopedCall,
): Promise<Reservation> {
  const interval = readIntervalOf(spec.address);
  if (scope !== undefined) requireOwn(spec, interval, scope, context);
  const { address: _named, evenIfHeld = false, ...rest } = spec;
  const status = await addresses.reserve(interval, { ...rest, evenIfHeld });
  return { ...object("Reservation", formatInterval(interval), scope), spec, status };
}

/** Undefined where there is no such reservation. @throws IpamError, StoreFailure, BadRequest */
export async function unreserveFor(
  name: string,
  space: string | undefined,
  { addresses, scope }: Pick<ScopedCall, "addresses" | "scope">,
): Promise<EndedReservation | undefined> {
  const interval = readIntervalOf(name);
  const { reservation, space: of } = await addresses.unreserve(interval, space);
  if (reservation === undefined) return undefined;
  return { ...object("Reservation", formatInterval(interval), scope), status: { space: of, reservation } };
}

/** @throws IpamError, StoreFailure, BadRequest */
export async function releaseFor(spec: ReleaseSpec, call: ScopedCall): Promise<Release> {
  const interval = readIntervalOf(spec.address);
  if (!isOneAddress(interval)) throw new IpamError("invalidConfig", "one address is released at a time");
  const { address: _named, force = false, ...rest } = spec;
  if (call.scope !== undefined && force) throw beyondEvidence(interval.first);
  const status = await call.addresses.release(interval.first, { ...rest, force });
  return { ...object("Release", formatInterval(interval), call.scope), spec, status };
}

/**
 * A caller with rights in one namespace must not take from others: no ranges, no notes, nothing that
 * another pod holds, and nothing of a pool whose addresses the namespace may not name.
 */
function requireOwn(
  { evenIfHeld, owner }: ReservationSpec,
  interval: Interval,
  namespace: string,
  { configuration }: ControllerContext,
): void {
  if (owner.namespace !== namespace || owner.kind === "Note")
    throw clusterOnly("for anything but the namespace's own pods and workloads");
  if (!isOneAddress(interval)) throw clusterOnly("a range");
  if (evenIfHeld) throw clusterOnly("an address that is held");
  const pool = configuration.pools.find((each) => poolIntervals(each).some((own) => overlaps(own, interval)));
  if (pool !== undefined) requireNamespaces(pool.policy, namespace, true);
}

/**
 * A caller with rights in one namespace does not answer for the wire: who may delete a pod would free
 * what its containers still use, for another team's pod to get (EVIDENCE). Kubernetes' word that a pod
 * is gone changes nothing here.
 */
function beyondEvidence(address: Address): BeyondNamespace {
  return new BeyondNamespace(
    `release address ${formatAddress(address)} by force`,
    "leave out --force: the address is released if its node is fenced; what the node sees to be gone it frees by itself; " +
      "else ask an operator with the right to create releases in all namespaces: kubectl ipam release --force --all-namespaces",
  );
}

function clusterOnly(what: string): BeyondNamespace {
  return new BeyondNamespace(
    `reserve ${what}`,
    "get the right to create reservations in all namespaces: kubectl ipam --all-namespaces",
  );
}
