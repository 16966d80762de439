import type { Address } from "../../address/address.ts";
import { type Interval, oneAddress } from "../../address/interval.ts";
import { neverGivenOut } from "../../address/not-allowed.ts";
import { dynamicPools, poolOf, withoutIntervals } from "../../address/pool.ts";
import type { RangeSet } from "../../address/range.ts";
import { slotOf } from "../place.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { namedTarget } from "./named-target.ts";
import { placeInSet } from "./place-in-set.ts";
import { openToAsker, ownedIn, rememberedIn, type SetRequest } from "./set-request.ts";
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

/**
 * What a sticky pod gets: exactly what it had, where the owner's pods come back as the Nth or under their names, and
 * any of its pools where that cannot be given any more; else whatever the owner has.
 */
function givenBefore(asked: SetRequest, owner: OwnerRecord): Target | undefined {
  const { request, set } = asked;
  const facts = request.wish.owner;
  if (facts === undefined || slotOf(facts) === undefined) return ownedFirst(asked, ownedIn(asked, owner));
  const address = rememberedIn(asked, owner);
  const anew = ownedFirst(asked, openToAsker(asked, owner));
  if (address === undefined) return anew;
  const named = namedTarget(request.network, set, { address, source: "kube-ipam.sticky" }, "sticky");
  return { ...named, otherwise: anew };
}

/** Addresses of the owner first, then any of the pools. */
function ownedFirst({ request, set, setIndex }: SetRequest, own: readonly Address[]): OpenTarget {
  const never = neverGivenOut(request.network);
  const owned = withoutIntervals(poolOf(own.map(oneAddress)), never);
  const pools = [...(owned.size > 0n ? [owned] : []), ...dynamicPools(set, never)];
  return { kind: "open", setIndex, set, pools, origin: "sticky", own };
}
