import { formatAddress } from "../../address/address.ts";
import { formatCidr } from "../../address/cidr.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { type RangeSet, rangeOf } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import { requireRangesGateway } from "../wish/fixed-address-parts.ts";
import type { FixedAddress } from "../wish.ts";
import type { NamedTarget } from "./target.ts";

/**
 * The target for an address that a wish names.
 *
 * @throws IpamError addressNotAllowed where the set's subnets lack it, or the network never gives it out;
 *   annotationMalformed where a prefix length of its own leaves the range's gateway out of reach.
 */
export function namedTarget(
  network: Network,
  set: RangeSet,
  wanted: FixedAddress,
  origin: NamedTarget["origin"] = "fixed",
): NamedTarget {
  const range = rangeOf(set, wanted.address);
  if (range === undefined) throw unfulfilled(network, [wanted]);
  const reason = whyNotAllowed(network, wanted.address);
  if (reason !== undefined) {
    throw new IpamError(
      "addressNotAllowed",
      `address ${formatAddress(wanted.address)} (${wanted.source}) is not allowed in network '${network.name}': ${reason}`,
      "choose another address of the subnet",
    );
  }
  requireRangesGateway(wanted, range);
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

/** The error of named addresses that no range set of the network is left for. */
export function unfulfilled(network: Network, left: readonly FixedAddress[]): IpamError {
  const named = left.map(({ address, source }) => `${formatAddress(address)} (${source})`).join(", ");
  const subnets = network.sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatCidr(subnet)));
  return new IpamError(
    "addressNotAllowed",
    `network '${network.name}' cannot give all requested addresses: ${named}`,
    `each range set gives one address, from its own subnets: ${subnets.join(", ")}`,
  );
}
