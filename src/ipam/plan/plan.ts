import { neverGivenOut } from "../../address/not-allowed.ts";
import { dynamicPools, type Pool } from "../../address/pool.ts";
import type { RangeSet } from "../../address/range.ts";
import type { Network } from "../network.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import { apportion } from "../wish/apportion.ts";
import { elsewhere } from "./elsewhere.ts";
import { namedTarget, unfulfilled } from "./named-target.ts";
import type { OpenTarget, Target } from "./target.ts";
import { wantedOfOwner } from "./wanted-of-owner.ts";

/**
 * Plans one target per range set: the address that the wish names for it, else any address of its pools.
 * `owner` is the asker's owner record, where the wish depends on the owner's addresses.
 *
 * @throws IpamError addressNotAllowed for an address that no range set can give, or for more addresses than sets.
 */
export function planTargets(request: AddRequest, owner?: OwnerRecord): Target[] {
  const { network, wish } = request;
  const { named, left } = apportion(network.sets, wish.fixed);
  const targets: Target[] = [];
  for (const [setIndex, set] of network.sets.entries()) {
    const wanted = named.get(set);
    const others = elsewhere(network.sets, set, targets);
    targets.push(
      (wanted && namedTarget(network, set, wanted)) ??
        wantedOfOwner(request, set, setIndex, owner, others) ??
        openTarget(network, set, setIndex, request),
    );
  }
  if (left.length > 0) throw unfulfilled(network, left);
  return targets;
}

function openTarget(network: Network, set: RangeSet, setIndex: number, request: AddRequest): OpenTarget {
  const pools = poolsOf(network, set);
  return { kind: "open", setIndex, set, pools, origin: request.wish.sticky ? "sticky" : "dynamic", own: [] };
}

const known = new WeakMap<RangeSet, { readonly network: Network; readonly pools: readonly Pool[] }>();

/** Computes the pools of a set once for a network that many ADDs share. */
function poolsOf(network: Network, set: RangeSet): readonly Pool[] {
  const before = known.get(set);
  if (before?.network === network) return before.pools;
  const pools = dynamicPools(set, neverGivenOut(network));
  known.set(set, { network, pools });
  return pools;
}
