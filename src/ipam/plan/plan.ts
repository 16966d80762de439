import { type Address, formatAddress } from "../../address/address.ts";
import { cidrContains, formatCidr } from "../../address/cidr.ts";
import { neverGivenOut, whyNotAllowed } from "../../address/not-allowed.ts";
import { dynamicPools, type Pool } from "../../address/pool.ts";
import type { Range, RangeSet } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { OwnerRecord } from "../records.ts";
import type { AddRequest } from "../requests.ts";
import type { FixedAddress } from "../wish.ts";
import { apportion, elsewhere } from "./apportion.ts";
import type { NamedTarget, OpenTarget, Target } from "./target.ts";
import { wantedOfOwner } from "./wanted-of-owner.ts";

/**
 * One target per range set: the address that the wish names for it, else any of its pools.
 * `owner` is the asker's owner record, where its wish depends on what the owner has already.
 *
 * @throws IpamError addressNotAllowed for an address that no range set can give, or one too many.
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

/** The range of the set whose subnet holds the address. */
export function rangeHolding(set: RangeSet, address: Address): Range | undefined {
  const inSubnet = set.ranges.filter(({ subnet }) => cidrContains(subnet, address));
  const inRange = inSubnet.find(
    ({ dynamic }) => dynamic.first.value <= address.value && address.value <= dynamic.last.value,
  );
  return inRange ?? inSubnet[0];
}

/** The target that a wish by name makes, if the address may be given to anybody at all. */
export function namedTarget(
  network: Network,
  set: RangeSet,
  wanted: FixedAddress,
  origin: NamedTarget["origin"] = "fixed",
): NamedTarget {
  const range = rangeHolding(set, wanted.address);
  if (range === undefined) throw unfulfilled(network, [wanted]);
  const reason = whyNotAllowed(network, wanted.address);
  if (reason !== undefined) {
    throw new IpamError(
      "addressNotAllowed",
      `address ${formatAddress(wanted.address)} (${wanted.source}) is not allowed in network '${network.name}': ${reason}`,
      "choose another address of the subnet",
    );
  }
  const gateway = wanted.gateway ?? range.gateway;
  return {
    kind: "named",
    range,
    address: wanted.address,
    prefix: wanted.prefix ?? range.subnet.prefix,
    ...(gateway && { gateway }),
    origin,
    source: wanted.source,
  };
}

function openTarget(network: Network, set: RangeSet, setIndex: number, request: AddRequest): OpenTarget {
  const pools = poolsOf(network, set);
  return { kind: "open", setIndex, set, pools, origin: request.wish.sticky ? "sticky" : "dynamic", own: [] };
}

const known = new WeakMap<RangeSet, { readonly network: Network; readonly pools: readonly Pool[] }>();

/** Of a network that many ADDs share, they are the same each time. */
function poolsOf(network: Network, set: RangeSet): readonly Pool[] {
  const before = known.get(set);
  if (before?.network === network) return before.pools;
  const pools = dynamicPools(set, neverGivenOut(network));
  known.set(set, { network, pools });
  return pools;
}

function unfulfilled(network: Network, left: readonly FixedAddress[]): IpamError {
  const named = left.map(({ address, source }) => `${formatAddress(address)} (${source})`).join(", ");
  const subnets = network.sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatCidr(subnet)));
  return new IpamError(
    "addressNotAllowed",
    `network '${network.name}' cannot give all requested addresses: ${named}`,
    `each range set gives one address, from its own subnets: ${subnets.join(", ")}`,
  );
}
