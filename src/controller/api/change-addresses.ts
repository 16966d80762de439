import { type Address, formatAddress } from "../../address/address.ts";
import { type Interval, isOneAddress } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import type { ClusterNames } from "../../ipam/cluster-names.ts";
import { IpamError } from "../../ipam/errors.ts";
import { NOTE_KIND } from "../../ipam/own-kinds.ts";
import { Turns } from "../../ipam/turns.ts";
import type { Addresses } from "../../operator/addresses.ts";
import type {
  EndedReservation,
  Release,
  ReleaseSpec,
  Reservation,
  ReservationSpec,
} from "../../operator/wire.ts";
import { BeyondNamespace } from "./beyond-namespace.ts";
import { readIntervalOf } from "./bodies.ts";
import { toldTo } from "./not-available.ts";
import { object, type Scope } from "./objects.ts";

/** One authorised request: for which namespace, and what it works on. */
export interface ScopedCall {
  readonly scope: Scope;
  /** Limited to the scope: see `limitOf`. */
  readonly addresses: Addresses;
  readonly clusterNames?: ClusterNames;
}

/** One namespace's reservations count in one record: many at once would only lose against each other. */
const turns = new Turns();

/** @throws IpamError, StoreFailure, BadRequest */
export async function reserveFor(spec: ReservationSpec, call: ScopedCall): Promise<Reservation> {
  const interval = readIntervalOf(spec.address);
  const { scope } = call;
  if (scope !== undefined) requireOwn(spec, interval, scope);
  const { address: _named, evenIfHeld = false, ...rest } = spec;
  const reserve = () => call.addresses.reserve(interval, { ...rest, evenIfHeld });
  const status = await heard(scope === undefined ? reserve() : turns.take(scope, reserve), interval, call);
  return { ...object("Reservation", formatInterval(interval), scope), spec, status };
}

/** Undefined where there is no such reservation. @throws IpamError, StoreFailure, BadRequest */
export async function unreserveFor(
  name: string,
  space: string | undefined,
  { addresses, scope }: Pick<ScopedCall, "addresses" | "scope">,
): Promise<EndedReservation | undefined> {
  const interval = readIntervalOf(name);
  if (scope !== undefined && !isOneAddress(interval)) throw clusterOnly("end the reservation of a range");
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

/** The result, or the failure as the caller may hear it. */
async function heard<T>(
  done: Promise<T>,
  interval: Interval,
  { scope, clusterNames }: ScopedCall,
): Promise<T> {
  try {
    return await done;
  } catch (failure) {
    if (scope === undefined) throw failure;
    throw toldTo({ namespace: scope, clusterNames }, failure, formatInterval(interval));
  }
}

/**
 * A caller with rights in one namespace must not take from others: no ranges, no remarks, and nothing that
 * another pod holds. Which addresses its pods may name, and how many, is the limit's to judge.
 */
function requireOwn({ evenIfHeld, owner }: ReservationSpec, interval: Interval, namespace: string): void {
  if (owner.namespace !== namespace || owner.kind === NOTE_KIND)
    throw clusterOnly("reserve for anything but the namespace's own pods and workloads");
  if (!isOneAddress(interval)) throw clusterOnly("reserve a range");
  if (evenIfHeld) throw clusterOnly("reserve an address that is held");
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
  return new BeyondNamespace(what, "get the right to do so in all namespaces: kubectl ipam --all-namespaces");
}
