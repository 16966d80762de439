import { type Address, formatAddress } from "../../address/address.ts";
import { type Interval, isOneAddress, overlaps } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { poolIntervals } from "../../config/settings/pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import { podName } from "../../ipam/in-words.ts";
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
import { readIntervalOf } from "./bodies.ts";
import { object, type Scope } from "./objects.ts";

/** For one live read. */
const PATIENCE_MS = 5_000;

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
  if (call.scope !== undefined && force) await requireNoPod(interval.first, spec, call.scope, call);
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
 * A caller with rights in one namespace is not responsible for the wire: what a pod still uses could be
 * given to another team's.
 */
async function requireNoPod(
  address: Address,
  { space }: ReleaseSpec,
  namespace: string,
  { addresses, context }: Pick<ScopedCall, "addresses" | "context">,
): Promise<void> {
  const found = await addresses.status(address, space);
  for (const { pod } of found.flatMap(({ allocation }) => allocation?.holders ?? [])) {
    if (pod?.namespace !== namespace) continue;
    const live = await context.ports.cluster.pod(pod, performance.now() + PATIENCE_MS);
    if (live === undefined || live.finished || (pod.uid !== undefined && live.uid !== pod.uid)) continue;
    throw new IpamError(
      "addressHeld",
      `pod ${podName(pod)} still exists and holds address ${formatAddress(address)}`,
      "delete the pod: its address is then freed by itself; with rights in all namespaces, release it with --all-namespaces",
    );
  }
}

function clusterOnly(what: string): IpamError {
  return new IpamError(
    "addressNotAllowed",
    `with rights in one namespace you cannot reserve ${what}`,
    "get the right to create reservations in all namespaces: kubectl ipam --all-namespaces",
  );
}
