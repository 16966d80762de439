import { formatAddress, tryParseAddress } from "../../address/address.ts";
import { tryParseCidr } from "../../address/cidr.ts";
import type { RequestedIp } from "../network-configuration.ts";

/** An address, with or without a prefix length. */
export function tryParseIp(text: string): Omit<RequestedIp, "source"> | undefined {
  if (text.includes("/")) return tryParseCidr(text);
  const address = tryParseAddress(text);
  return address && { address };
}

/** The same address twice is one wish. */
export function withoutRepeats(ips: readonly RequestedIp[]): RequestedIp[] {
  const byText = new Map<string, RequestedIp>();
  for (const ip of ips) if (!byText.has(formatAddress(ip.address))) byText.set(formatAddress(ip.address), ip);
  return [...byText.values()];
}
