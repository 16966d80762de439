import { type Address, bitsOf } from "../../address/address.ts";
import { type Cidr, cidrContains, cidrInterval, formatCidr, parseCidr } from "../../address/cidr.ts";
import { overlaps } from "../../address/interval.ts";

/** Blocks from which no pod can have an address (RFC 6890, RFC 5771, RFC 4291). */
const UNUSABLE: readonly (readonly [Cidr, string])[] = [
  [parseCidr("0.0.0.0/8"), "unspecified addresses"],
  [parseCidr("127.0.0.0/8"), "loopback addresses"],
  [parseCidr("224.0.0.0/4"), "multicast addresses"],
  [parseCidr("255.255.255.255/32"), "the limited broadcast address"],
  [parseCidr("::/128"), "the unspecified address"],
  [parseCidr("::1/128"), "the loopback address"],
  [parseCidr("ff00::/8"), "multicast addresses"],
];

/** IPv4 written as IPv6: one address would have two texts. parseCidr would make it IPv4. */
const MAPPED: Cidr = { address: { family: 6, value: 0xffffn << 32n }, prefix: 96 };

const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"].map(parseCidr);

/** Smallest subnets that hold a network address, a gateway, a pod and (IPv4) a broadcast address. */
const LONGEST_PREFIX = { 4: 30, 6: 126 } as const;

/** Why a subnet cannot be used, as the end of a sentence; undefined when it can. */
export function whyUnusable(subnet: Cidr): string | undefined {
  const { family } = subnet.address;
  if (subnet.prefix > LONGEST_PREFIX[family]) {
    const addresses = 1n << BigInt(bitsOf(family) - subnet.prefix);
    const small = `a /${subnet.prefix} is too small: ${addresses} addresses, none of them left for a pod`;
    return `a subnet of /${LONGEST_PREFIX[family]} or larger (${small})`;
  }
  const found = UNUSABLE.find(([block]) => touches(subnet, block));
  if (found !== undefined) return `a subnet without ${found[1]} (${formatCidr(found[0])})`;
  return touches(subnet, MAPPED) ? "a subnet without IPv4-mapped addresses (::ffff:0:0/96)" : undefined;
}

/** Link-local addresses work, but only on their own link, and other software picks them too. */
export function isLinkLocal(subnet: Cidr): boolean {
  return LINK_LOCAL.some((block) => touches(subnet, block));
}

/** Whether a gateway outside of the subnet can still be reached on the subnet's link: IPv6 routers have such addresses. */
export function isLinkLocalGateway(gateway: Address, subnet: Cidr): boolean {
  const isIPv6 = gateway.family === 6 && subnet.address.family === 6;
  return isIPv6 && LINK_LOCAL.some((block) => cidrContains(block, gateway));
}

function touches(a: Cidr, b: Cidr): boolean {
  return overlaps(cidrInterval(a), cidrInterval(b));
}
