import { type Address, compareAddresses, offsetAddress, parseAddress } from "../../address/address.ts";
import { cidrInterval } from "../../address/cidr.ts";
import { type Interval, intersect, isWithin, oneAddress } from "../../address/interval.ts";
import { neverGivenOut, whyNotAllowed } from "../../address/not-allowed.ts";
import { dynamicPools, poolOf, withoutIntervals } from "../../address/pool.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import { podName } from "../in-words.ts";
import type { Network } from "../network.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { sameOwner } from "../same.ts";
import { namedTarget } from "./named-target.ts";
import type { OpenTarget, Target } from "./target.ts";

/**
 * The target that a pod gets through its workload: its place in the workload's list of addresses
 * (`kube-ipam.ips`), or an address that the workload had before (`kube-ipam.sticky`). Undefined where
 * neither applies to this range set.
 *
 * @param others addresses of the network's other range sets.
 * @throws IpamError addressNotAllowed when the list has no address for the pod's ordinal, or none at all.
 */
export function wantedOfOwner(
  request: AddRequest,
  set: RangeSet,
  setIndex: number,
  owner: OwnerRecord | undefined,
  others: readonly Interval[],
): Target | undefined {
  const asked = { request, set, setIndex, others };
  const placed = request.wish.set && placeInSet(asked, request.wish.set, owner);
  if (placed !== undefined) return placed;
  return request.wish.sticky && owner !== undefined ? givenBefore(asked, owner) : undefined;
}

interface SetRequest {
  readonly request: AddRequest;
  readonly set: RangeSet;
  readonly setIndex: number;
  readonly others: readonly Interval[];
}

function placeInSet(
  asked: SetRequest,
  wanted: readonly Interval[],
  owner: OwnerRecord | undefined,
): Target | undefined {
  const { request, set, setIndex, others } = asked;
  const subnets = set.ranges.map(({ subnet }) => cidrInterval(subnet));
  const intervals = wanted.flatMap((each) => subnets.flatMap((subnet) => intersect(each, subnet)));
  if (intervals.length === 0) return undefined;
  const ordinal = request.wish.owner?.ordinal;
  if (ordinal === undefined) {
    const allowed = withoutIntervals(poolOf(intervals), neverGivenOut(request.network));
    if (allowed.size === 0n) throw noneAllowed(request.network, intervals);
    const pool = withoutIntervals(allowed, others);
    if (pool.size === 0n) return undefined;
    return { kind: "open", setIndex, set, pools: [pool], origin: "fixed", own: ownedIn(asked, owner) };
  }
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
  for (const { first, last } of intervals) {
    const size = last.value - first.value + 1n;
    if (ordinal < before + size) return offsetAddress(first, ordinal - before);
    before += size;
  }
  return undefined;
}

function givenBefore(asked: SetRequest, owner: OwnerRecord): Target | undefined {
  const { request, set } = asked;
  const ordinal = request.wish.owner?.ordinal;
  if (ordinal === undefined) return ownedFirst(asked, owner);
  const slot = (owner.slots?.[String(ordinal)] ?? []).map(parseAddress);
  const address = slot.find((given) => belongsTo(asked, given));
  return address && namedTarget(request.network, set, { address, source: "kube-ipam.sticky" }, "sticky");
}

function ownedFirst(asked: SetRequest, owner: OwnerRecord): OpenTarget | undefined {
  const { request, set, setIndex } = asked;
  const own = ownedIn(asked, owner);
  if (own.length === 0) return undefined;
  const never = neverGivenOut(request.network);
  const owned = withoutIntervals(poolOf(own.map(oneAddress)), never);
  const pools = [...(owned.size > 0n ? [owned] : []), ...dynamicPools(set, never)];
  return { kind: "open", setIndex, set, pools, origin: "sticky", own };
}

/**
 * A workload that was created again under its name does not simply inherit: its reservations are judged
 * first.
 */
function ownedIn(asked: SetRequest, owner: OwnerRecord | undefined): Address[] {
  const asker = asked.request.wish.owner?.owner;
  if (owner === undefined || asker === undefined || !sameOwner(owner.owner, asker)) return [];
  return owner.addresses
    .map(parseAddress)
    .filter((address) => belongsTo(asked, address))
    .sort(compareAddresses);
}

function belongsTo({ set, others }: SetRequest, address: Address): boolean {
  return rangeOf(set, address) !== undefined && !isWithin(address, others);
}
