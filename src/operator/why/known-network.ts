import type { Address } from "../../address/address.ts";
import { cidrContains } from "../../address/cidr.ts";
import type { RequestedIp } from "../../config/network-configuration.ts";
import type { Network } from "../../ipam/network.ts";
import type { AnnotationSource } from "../../ipam/wish/wish-of-pod.ts";

/** A network, and from where it is known. */
export interface KnownNetwork {
  readonly network: Network;
  readonly kubernetes: AnnotationSource;
  readonly requested: readonly RequestedIp[];
  /** For people. */
  readonly knownBy: string;
  /** Other definitions of its name, which another node or namespace uses, or which pods still run under. */
  readonly namesakes?: readonly KnownNetwork[];
}

/** The definition of a network's name that holds one of these addresses, else the first. */
export function definitionHolding(known: KnownNetwork, addresses: readonly Address[]): KnownNetwork {
  const { namesakes = [] } = known;
  const found = [known, ...namesakes].find((each) => addresses.some((address) => holds(each, address)));
  return found ?? known;
}

/** Whether one of its subnets holds the address. */
export function holds({ network }: KnownNetwork, address: Address): boolean {
  return network.sets.some(({ ranges }) => ranges.some(({ subnet }) => cidrContains(subnet, address)));
}
