import { formatAddress } from "../../address/address.ts";
import { formatCidr } from "../../address/cidr.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { type RangeSet, rangeOf, subnetsOfSets } from "../../address/range.ts";
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
  requireGivenOut(network, wanted);
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

/**
 * Requires that the network gives an address of its subnets out at all.
 *
 * @throws IpamError addressNotAllowed saying why it never does.
 */
export function requireGivenOut(
  network: Pick<Network, "name" | "sets" | "exclude">,
  { address, source }: Pick<FixedAddress, "address" | "source">,
): void {
  const reason = whyNotAllowed(network, address);
  if (reason === undefined) return;
  throw new IpamError(
    "addressNotAllowed",
    `address ${formatAddress(address)} (${source}) is not allowed in network '${network.name}': ${reason}`,
    "choose another address of the subnet",
  );
}

/** The error of named addresses that no range set of the network is left for. */
export function unfulfilled(network: Network, left: readonly FixedAddress[]): IpamError {
  const named = left.map(({ address, source }) => `${formatAddress(address)} (${source})`).join(", ");
  const subnets = subnetsOfSets(network.sets).map(formatCidr);
  return new IpamError(
    "addressNotAllowed",
    `network '${network.name}' cannot give all requested addresses: ${named}`,
    `each range set gives one address, from its own subnets: ${subnets.join(", ")}`,
  );
}
