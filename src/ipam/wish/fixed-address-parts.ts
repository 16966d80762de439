import { type Address, bitsOf, equalAddresses, type Family, tryParseAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, formatCidr, lastOf, networkOf } from "../../address/cidr.ts";
import { malformed } from "./annotation-error.ts";
import type { Key } from "./annotation-keys.ts";
import type { Annotations } from "./annotations.ts";

/** One entry of kube-ipam.ip: an address, or an address with its prefix length. */
export function parseEntry(
  key: Key,
  annotations: Annotations,
  text: string,
): { readonly address: Address; readonly prefix?: number } {
  const [head = "", length, ...more] = text.split("/");
  const address = tryParseAddress(head);
  if (address === undefined || more.length > 0) {
    throw malformed(
      key,
      annotations,
      "an IP address such as 10.1.2.5, or one per family separated by a comma",
    );
  }
  if (length === undefined) return { address };
  const prefix = prefixOf(length, address.family);
  if (prefix === undefined)
    throw malformed(key, annotations, `a prefix length from 1 to ${bitsOf(address.family)} after the slash`);
  return { address, prefix };
}

/** "255.255.0.0", "/16" or "16", as a prefix length. */
export function parseMask(key: Key, annotations: Annotations, text: string, family: Family): number {
  const prefix =
    text.includes(".") && family === 4 ? prefixOfMask(text) : prefixOf(text.replace(/^\//, ""), family);
  if (prefix !== undefined) return prefix;
  const right =
    family === 4 ? "a netmask such as 255.255.0.0, /16 or 16" : "a prefix length such as /64 or 64";
  throw malformed(key, annotations, right);
}

/** With this prefix the address must be a host's, not the network's or its broadcast. */
export function requireHost(key: Key, annotations: Annotations, cidr: Cidr): void {
  if (cidr.prefix >= bitsOf(cidr.address.family) - 1 || isHost(cidr.address, cidr)) return;
  throw malformed(
    key,
    annotations,
    `a host address of ${formatCidr({ ...cidr, address: networkOf(cidr) })}, not its first or last`,
  );
}

/** The gateway must be another host of the address's own network, or the pod could not reach it. */
export function requireGatewayFits(key: Key, annotations: Annotations, gateway: Address, own: Cidr): void {
  const fits =
    gateway.family === own.address.family &&
    cidrContains({ ...own, address: networkOf(own) }, gateway) &&
    !equalAddresses(gateway, own.address) &&
    (own.prefix >= bitsOf(gateway.family) - 1 || isUsableGateway(gateway, own));
  if (fits) return;
  throw malformed(
    key,
    annotations,
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

function prefixOf(text: string, family: Family): number | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const prefix = Number(text);
  return prefix >= 1 && prefix <= bitsOf(family) ? prefix : undefined;
}

/** Undefined unless the ones of the mask come before its zeros. */
function prefixOfMask(text: string): number | undefined {
  const mask = tryParseAddress(text);
  if (mask === undefined || mask.family !== 4 || mask.value === 0n) return undefined;
  const bits = mask.value.toString(2).padStart(32, "0");
  return /^1+0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}
