import { type Address, equalAddresses, offsetAddress } from "../../address/address.ts";
import { cidrInterval } from "../../address/cidr.ts";
import {
  type Interval,
  isWithin,
  oneAddress,
  sizeOf,
  subtract,
  subtracting,
} from "../../address/interval.ts";
import { neverGivenOut, whyNotAllowed } from "../../address/not-allowed.ts";
import { type Pool, poolOf, withoutIntervals } from "../../address/pool.ts";
import { IpamError } from "../errors.ts";
import { podName } from "../in-words.ts";
import type { Network } from "../network.ts";
import { slotOf } from "../place.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { namedTarget } from "./named-target.ts";
import { ownedIn, rememberedIn, type SetRequest, waitingForOthers } from "./set-request.ts";
import type { OpenTarget, Target } from "./target.ts";

/**
 * The pod's place in its workload's set of addresses (`kube-ipam.ips`): the Nth for ordinal N of a StatefulSet; what
 * it had before for a pod that came back under its name; else any of them. Undefined where the set has no address
 * for this range set.
 *
 * @throws IpamError addressNotAllowed when the set has no address for the pod's ordinal, or none at all.
 */
export function placeInSet(
  asked: SetRequest,
  wanted: readonly Interval[],
  owner: OwnerRecord | undefined,
): Target | undefined {
  const { request, set, others } = asked;
  // Several ranges may be parts of one subnet: each address counts once.
  const outside = subtracting(set.ranges.map(({ subnet }) => cidrInterval(subnet)));
  const intervals = wanted.flatMap((each) => subtract(each, outside(each)));
  if (intervals.length === 0) return undefined;
  const ordinal = request.wish.owner?.ordinal;
  if (ordinal === undefined) return anyOfSet(asked, intervals, owner);
  if (ordinal < 0) throw noneOfTheSet(request);
  const address = nthListed(intervals, BigInt(ordinal));
  if (address !== undefined && isWithin(address, others)) return undefined;
  if (address !== undefined) return namedTarget(request.network, set, { address, source: "kube-ipam.ips" });
  throw new IpamError(
    "addressNotAllowed",
    `kube-ipam.ips has no address for ordinal ${ordinal} in network '${request.network.name}'`,
    "name at least as many addresses as the workload has replicas",
  );
}

function anyOfSet(
  asked: SetRequest,
  intervals: readonly Interval[],
  owner: OwnerRecord | undefined,
): Target | undefined {
  const { request, set, setIndex, others } = asked;
  const { network, wish } = request;
  const allowed = withoutIntervals(poolOf(intervals), neverGivenOut(network));
  if (allowed.size === 0n) throw noneAllowed(network, intervals);
  const pool = withoutIntervals(allowed, others);
  if (pool.size === 0n) return undefined;
  const pools = inOrderOfChoice(asked, { intervals, pool }, owner);
  const any: OpenTarget = { kind: "open", setIndex, set, pools, origin: "fixed", own: ownedIn(asked, owner) };
  const before = wish.owner && slotOf(wish.owner) !== undefined ? rememberedIn(asked, owner) : undefined;
  if (before === undefined || pool.positionOf(before) === undefined) return any;
  return { ...namedTarget(network, set, { address: before, source: "kube-ipam.ips" }), otherwise: any };
}

/**
 * The set in parts, for a pod that has no place yet: the Nth, if its name says N; what nobody's place is; and last
 * what waits for pods that are away: where the set has no room for both, a pod that is there goes first.
 */
function inOrderOfChoice(
  asked: SetRequest,
  { intervals, pool }: { readonly intervals: readonly Interval[]; readonly pool: Pool },
  owner: OwnerRecord | undefined,
): Pool[] {
  const { owner: facts } = asked.request.wish;
  const waiting = facts === undefined || slotOf(facts) === undefined ? [] : waitingForOthers(asked, owner);
  const likely =
    facts?.likelyOrdinal === undefined ? undefined : nthListed(intervals, BigInt(facts.likelyOrdinal));
  const first =
    likely !== undefined && isFreeToTake(asked, likely, pool, waiting) ? [oneAddress(likely)] : [];
  const taken = waiting.map(oneAddress);
  const parts = [
    poolOf(first),
    withoutIntervals(pool, [...first, ...taken]),
    poolOf(taken.flatMap((each) => (pool.positionOf(each.first) === undefined ? [] : [each]))),
  ];
  return parts.filter(({ size }) => size > 0n);
}

function isFreeToTake(
  { request }: SetRequest,
  address: Address,
  pool: Pool,
  waiting: readonly Address[],
): boolean {
  if (pool.positionOf(address) === undefined || whyNotAllowed(request.network, address) !== undefined)
    return false;
  return !waiting.some((each) => equalAddresses(each, address));
}

/** The error of a pod outside its StatefulSet's ordinals: it must not take another ordinal's address. */
function noneOfTheSet({ network, pod }: AddRequest): IpamError {
  return new IpamError(
    "addressNotAllowed",
    `kube-ipam.ips has no address for ${pod ? `pod ${podName(pod)}` : "this pod"} in network '${network.name}'`,
    "its StatefulSet does not have this ordinal: the pod's name and spec.ordinals.start decide which address it takes",
  );
}

function noneAllowed(network: Network, [interval]: readonly Interval[]): IpamError {
  const reason = interval && whyNotAllowed(network, interval.first);
  return new IpamError(
    "addressNotAllowed",
    `no address of kube-ipam.ips is allowed in network '${network.name}'${reason ? `: ${reason}` : ""}`,
    "name other addresses of the subnet",
  );
}

/** Counts in the order of the list, which the user chose, not in that of the addresses. */
function nthListed(intervals: readonly Interval[], ordinal: bigint): Address | undefined {
  let before = 0n;
  for (const interval of intervals) {
    const size = sizeOf(interval);
    if (ordinal < before + size) return offsetAddress(interval.first, ordinal - before);
    before += size;
  }
  return undefined;
}
