import {
  type Address,
  bitsOf,
  equalAddresses,
  type Family,
  formatAddress,
  tryParseAddress,
} from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr, lastOf, networkOf, parseCidr } from "../../address/cidr.ts";
import { tryParseNetmask, tryParsePrefix } from "../../address/netmask.ts";
import type { Range } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotation, malformed } from "./annotation.ts";

/** One entry of kube-ipam.ip: an address, or an address with its prefix length. */
export function parseEntry(
  ip: Annotation,
  text: string,
): { readonly address: Address; readonly prefix?: number } {
  const [head = "", length, ...more] = text.split("/");
  const address = tryParseAddress(head);
  if (address === undefined || more.length > 0) {
    throw malformed(ip, "an IP address such as 10.1.2.5, or one per family separated by a comma");
  }
  if (length === undefined) return { address };
  const prefix = tryParsePrefix(length, address.family);
  if (prefix === undefined)
    throw malformed(ip, `a prefix length from 1 to ${bitsOf(address.family)} after the slash`);
  return { address, prefix };
}

/** "255.255.0.0", "/16" or "16", as a prefix length. */
export function parseMask(netmask: Annotation, text: string, family: Family): number {
  const prefix = tryParseNetmask(text, family);
  if (prefix !== undefined) return prefix;
  const right =
    family === 4 ? "a netmask such as 255.255.0.0, /16 or 16" : "a prefix length such as /64 or 64";
  throw malformed(netmask, right);
}

/** With this prefix the address must be a host's, not the network's or its broadcast. */
export function requireHost(ip: Annotation, cidr: Cidr): void {
  if (cidr.prefix >= bitsOf(cidr.address.family) - 1 || isHost(cidr.address, cidr)) return;
  throw malformed(
    ip,
    `a host address of ${formatCidr({ ...cidr, address: networkOf(cidr) })}, not its first or last`,
  );
}

/** The gateway must be another host of the address's own network, or the pod could not reach it. */
export function requireGatewayFits(annotation: Annotation, gateway: Address, own: Cidr): void {
  if (isReachable(gateway, own) && !equalAddresses(gateway, own.address)) return;
  throw malformed(
    annotation,
    `another host of ${formatCidr({ ...own, address: networkOf(own) })}, the network of ${formatCidr(own)}`,
  );
}

/**
 * Requires that an address whose prefix length is its own, and not its subnet's, reaches the gateway that
 * its range gives it; or the main plugin would fail to set the route.
 *
 * @throws IpamError annotationMalformed, or invalidConfig where the runtime asks for the address.
 */
export function requireRangesGateway({ address, gateway, prefix, source }: FixedAddress, range: Range): void {
  if (prefix === undefined || gateway !== undefined || range.gateway === undefined) return;
  const own = { address, prefix };
  if (isReachable(range.gateway, own)) return;
  const isAnnotation = source.startsWith("kube-ipam.");
  const keys = isAnnotation ? ` (${source}, kube-ipam.netmask)` : ` (${source})`;
  const ways = isAnnotation ? `say ${source.replace("kube-ipam.ip", "kube-ipam.gateway")} as well, or ` : "";
  throw new IpamError(
    isAnnotation ? "annotationMalformed" : "invalidConfig",
    `the network of ${formatCidr(own)}${keys} does not hold the gateway ${formatAddress(range.gateway)}`,
    `the pod could not reach that gateway; ${ways}ask for the subnet's length, /${range.subnet.prefix}`,
  );
}

/** Whether a host of this network reaches the gateway directly; a link-local one is on every link. */
function isReachable(gateway: Address, own: Cidr): boolean {
  if (gateway.family !== own.address.family) return false;
  if (cidrContains(LINK_LOCAL, gateway)) return true;
  if (!cidrContains({ ...own, address: networkOf(own) }, gateway)) return false;
  return own.prefix >= bitsOf(gateway.family) - 1 || isUsableGateway(gateway, own);
}

const LINK_LOCAL = parseCidr("fe80::/10");

function isHost(address: Address, cidr: Cidr): boolean {
  return (
    !equalAddresses(address, networkOf(cidr)) &&
    (address.family === 6 || !equalAddresses(address, lastOf(cidr)))
  );
}

/** In IPv6 the first address is any router's (RFC 4291 section 2.6.1), which is a fine gateway. */
function isUsableGateway(gateway: Address, own: Cidr): boolean {
  return gateway.family === 6 || isHost(gateway, own);
}
