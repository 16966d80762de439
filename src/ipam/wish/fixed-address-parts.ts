import { type Address, bitsOf, equalAddresses, type Family, tryParseAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr, lastOf, networkOf } from "../../address/cidr.ts";
import { tryParseNetmask, tryParsePrefix } from "../../address/netmask.ts";
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
  const fits =
    gateway.family === own.address.family &&
    cidrContains({ ...own, address: networkOf(own) }, gateway) &&
    !equalAddresses(gateway, own.address) &&
    (own.prefix >= bitsOf(gateway.family) - 1 || isUsableGateway(gateway, own));
  if (fits) return;
  throw malformed(
    annotation,
    `another host of ${formatCidr({ ...own, address: networkOf(own) })}, the network of ${formatCidr(own)}`,
  );
}

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
