import { type Address, formatAddress } from "../../address/address.ts";
import { type Interval, overlaps } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { poolIntervals } from "../../config/settings/pools.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { requireNamespaces } from "../../ipam/plan/policy.ts";
import type { Addresses } from "../../operator/addresses.ts";
import {
  API_VERSION,
  type EndedReservation,
  type Release,
  type ReleaseSpec,
  type Reservation,
  type ReservationSpec,
} from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import { readIntervalOf } from "./bodies.ts";

/** For one live read. */
const PATIENCE_MS = 5_000;

/** In which Kubernetes namespace something is done; undefined: in all, by one who may do so in all. */
export type Scope = string | undefined;

/** @throws IpamError, StoreFailure, BadRequest */
export async function reserveFor(
  spec: ReservationSpec,
  scope: Scope,
  addresses: Addresses,
  context: ControllerContext,
): Promise<Reservation> {
  const interval = readIntervalOf(spec.address);
  if (scope !== undefined) requireOwn(spec, interval, scope, context);
  const { address: _named, evenIfHeld = false, ...wish } = spec;
  const status = await addresses.reserve(interval, { ...wish, evenIfHeld });
  return { ...object("Reservation", formatInterval(interval), scope), spec, status };
}

/** Undefined where there is no such reservation. @throws IpamError, StoreFailure, BadRequest */
export async function unreserveFor(
  name: string,
  space: string | undefined,
  scope: Scope,
  addresses: Addresses,
): Promise<EndedReservation | undefined> {
  const interval = readIntervalOf(name);
  const { reservation, space: of } = await addresses.unreserve(interval, space);
  if (reservation === undefined) return undefined;
  return { ...object("Reservation", formatInterval(interval), scope), status: { space: of, reservation } };
}

/** @throws IpamError, StoreFailure, BadRequest */
export async function releaseFor(
  spec: ReleaseSpec,
  scope: Scope,
  addresses: Addresses,
  { ports }: ControllerContext,
): Promise<Release> {
  const { first, last } = readIntervalOf(spec.address);
  if (first.value !== last.value) throw new IpamError("invalidConfig", "one address is released at a time");
  const { address: _named, force = false, ...wish } = spec;
  if (scope !== undefined && force) await requireNoPod(first, spec, scope, addresses, ports.cluster);
  const status = await addresses.release(first, { ...wish, force });
  return { ...object("Release", formatInterval({ first, last }), scope), spec, status };
}

export function object<K extends string>(kind: K, name: string, scope: Scope) {
  const metadata = scope === undefined ? { name } : { name, namespace: scope };
  return { apiVersion: API_VERSION, kind, metadata } as const;
}

/**
 * Who may reserve in one namespace only must not take from others: no ranges, no remarks, nothing that
 * another holds, and nothing of a pool that the namespace may not name addresses of.
 */
function requireOwn(
  { evenIfHeld, owner }: ReservationSpec,
  interval: Interval,
  namespace: string,
  { configuration }: ControllerContext,
): void {
  if (owner.namespace !== namespace || owner.kind === "Note")
    throw clusterOnly("another's than the namespace's own pods and workloads");
  if (interval.first.value !== interval.last.value) throw clusterOnly("a range");
  if (evenIfHeld) throw clusterOnly("what another has");
  const pool = configuration.pools.find((each) => poolIntervals(each).some((own) => overlaps(own, interval)));
  if (pool !== undefined) requireNamespaces(pool.policy, namespace, true);
}

/**
 * Who answers for one namespace only does not answer for the wire: what a pod still uses could be given
 * to another team's.
 */
async function requireNoPod(
  address: Address,
  { space }: ReleaseSpec,
  namespace: string,
  addresses: Addresses,
  cluster: Cluster,
): Promise<void> {
  const sights = await addresses.sights(address, space);
  for (const { pod } of sights.flatMap(({ allocation }) => allocation?.holders ?? [])) {
    if (pod?.namespace !== namespace) continue;
    const live = await cluster.pod(pod, performance.now() + PATIENCE_MS);
    if (live === undefined || live.finished || (pod.uid !== undefined && live.uid !== pod.uid)) continue;
    throw new IpamError(
      "addressHeld",
      `pod ${namespace}/${pod.name}, which holds address ${formatAddress(address)}, is there`,
      "delete the pod: its address is then free by itself; who may release in all namespaces may do so with --all-namespaces",
    );
  }
}

function clusterOnly(what: string): IpamError {
  return new IpamError(
    "addressNotAllowed",
    `who may reserve in one namespace cannot reserve ${what}`,
    "it needs the right to create reservations in all namespaces: kubectl ipam --all-namespaces",
  );
}
