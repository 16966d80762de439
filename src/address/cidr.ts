import { type Address, bitsOf, formatAddress, tryParseAddress } from "./address.ts";
import type { Interval } from "./interval.ts";

/** An address with a prefix length; `address` may have host bits (see `networkOf`). */
export interface Cidr {
  readonly address: Address;
  readonly prefix: number;
}

/**
 * Reads `address/prefix`. An IPv4-mapped network (`::ffff:10.1.2.0/120`) becomes IPv4 with the
 * prefix counted from there; a shorter prefix than /96 would reach beyond IPv4 and is no CIDR.
 *
 * @throws RangeError naming the text.
 */
export function parseCidr(text: string): Cidr {
  const cidr = tryParseCidr(text);
  if (cidr === undefined) throw new RangeError(`'${text}' is not an address with a prefix length`);
  return cidr;
}

/** As parseCidr, but undefined instead of an error. */
export function tryParseCidr(text: string): Cidr | undefined {
  const [addressText, prefixText, ...rest] = text.split("/");
  if (addressText === undefined || prefixText === undefined || rest.length > 0) return undefined;
  const address = tryParseAddress(addressText);
  if (address === undefined || !/^(0|[1-9][0-9]{0,2})$/.test(prefixText)) return undefined;
  const mapped = address.family === 4 && addressText.includes(":");
  const prefix = Number(prefixText) - (mapped ? 96 : 0);
  return prefix >= 0 && prefix <= bitsOf(address.family) ? { address, prefix } : undefined;
}

export function formatCidr({ address, prefix }: Cidr): string {
  return `${formatAddress(address)}/${prefix}`;
}

/** The network's own address: all host bits zero. */
export function networkOf({ address, prefix }: Cidr): Address {
  const host = hostBits({ address, prefix });
  return { family: address.family, value: (address.value >> host) << host };
}

/** The last address of the network; in IPv4 its broadcast address. */
export function lastOf(cidr: Cidr): Address {
  return { family: cidr.address.family, value: networkOf(cidr).value + (1n << hostBits(cidr)) - 1n };
}

/** All addresses of the network. */
export function cidrInterval(cidr: Cidr): Interval {
  return { first: networkOf(cidr), last: lastOf(cidr) };
}

export function cidrContains(cidr: Cidr, address: Address): boolean {
  if (cidr.address.family !== address.family) return false;
  return networkOf({ address, prefix: cidr.prefix }).value === networkOf(cidr).value;
}

function hostBits({ address, prefix }: Cidr): bigint {
  return BigInt(bitsOf(address.family) - prefix);
}
