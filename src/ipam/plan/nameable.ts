import { formatAddress } from "../../address/address.ts";
import { cidrContains, cidrInterval } from "../../address/cidr.ts";
import { neverGivenOut } from "../../address/not-allowed.ts";
import { subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import { allHolding, firstHolding } from "../../address/segments.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { FixedAddress } from "../wish.ts";
import { requireGivenOut } from "./named-target.ts";
import { requireNamespaces } from "./policy.ts";

/**
 * The network through which a pod of the namespace may name an address, by the judgement of its ADD before that looks at
 * the store (nodes apart): a subnet of the network holds the address, the pool's policy lets the namespace name it, and
 * the network gives it out.
 *
 * @param networks those of the address's space; the first that lets the namespace name it counts.
 * @throws IpamError addressNotAllowed where none does.
 */
export function requireNameable(
  wanted: Pick<FixedAddress, "address" | "source">,
  namespace: string,
  networks: readonly Network[],
): Network {
  let refusal: IpamError | undefined;
  for (const network of networksHaving(wanted.address, networks)) {
    try {
      if (network.policy !== undefined) requireNamespaces(network.policy, namespace, true);
      requireGivenOut(network, wanted);
      return network;
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
      refusal ??= failure;
    }
  }
  throw refusal ?? outside(wanted);
}

/** Those that have the address in a subnet. */
export function networksHaving(
  address: FixedAddress["address"],
  networks: readonly Network[],
): readonly Network[] {
  return networks.filter(({ sets }) => subnetsOfSets(sets).some((subnet) => cidrContains(subnet, address)));
}

/** Those that also give it out to somebody, of networks that are asked about many addresses. */
export function networksGiving(
  address: FixedAddress["address"],
  networks: readonly Network[],
): readonly Network[] {
  return bySubnets(networks)(address).filter((network) => !isNever(network)(address));
}

const bySubnets = remembered((networks: readonly Network[]) =>
  allHolding(networks, ({ sets }) => subnetsOfSets(sets).map(cidrInterval)),
);

const isNever = remembered((network: Network) => {
  const never = firstHolding(neverGivenOut(network), (interval) => [interval]);
  return (address: FixedAddress["address"]) => never(address) !== undefined;
});

function outside({ address, source }: Pick<FixedAddress, "address" | "source">): IpamError {
  return new IpamError(
    "addressNotAllowed",
    `address ${formatAddress(address)} (${source}) is in no subnet of a network or pool of its address space`,
    "name an address of a network that pods have used, or of a pool, and its address space",
  );
}
