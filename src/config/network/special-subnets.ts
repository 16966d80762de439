import { bitsOf } from "../../address/address.ts";
import { type Cidr, cidrInterval, parseCidr } from "../../address/cidr.ts";
import { overlaps } from "../../address/interval.ts";

/** Blocks from which no pod can have an address (RFC 6890, RFC 5771, RFC 4291). */
const UNUSABLE = [
  ["0.0.0.0/8", "unspecified addresses"],
  ["127.0.0.0/8", "loopback addresses"],
  ["224.0.0.0/4", "multicast addresses"],
  ["255.255.255.255/32", "the limited broadcast address"],
  ["::/128", "the unspecified address"],
  ["::1/128", "the loopback address"],
  ["ff00::/8", "multicast addresses"],
] as const;

/** IPv4 written as IPv6: one address would have two texts. parseCidr would make it IPv4. */
const MAPPED: Cidr = { address: { family: 6, value: 0xffffn << 32n }, prefix: 96 };

const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"];

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
  const found = UNUSABLE.find(([block]) => touches(subnet, parseCidr(block)));
  if (found !== undefined) return `a subnet without ${found[1]} (${found[0]})`;
  return touches(subnet, MAPPED) ? "a subnet without IPv4-mapped addresses (::ffff:0:0/96)" : undefined;
}

/** Link-local addresses work, but only on their own link, and other software picks them too. */
export function isLinkLocal(subnet: Cidr): boolean {
  return LINK_LOCAL.some((block) => touches(subnet, parseCidr(block)));
}

function touches(a: Cidr, b: Cidr): boolean {
  return overlaps(cidrInterval(a), cidrInterval(b));
}
