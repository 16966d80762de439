import { type Address, tryParseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { findOverlap, type Interval, sizeOf } from "../../address/interval.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import type { Retention } from "../records.ts";
import { tryParseRetention } from "../retention.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotation, malformed, requireFewParts } from "./annotation.ts";
import { parseEntry, parseMask, requireHost } from "./fixed-address-parts.ts";

/**
 * Reads kube-ipam.ip with its netmask and gateway. Whether the gateways are hosts of the addresses' subnets
 * is not judged here: a network may be needed for that.
 *
 * @throws IpamError annotationMalformed
 */
export function parseAddresses(ip: Annotation, netmask: Annotation, gateway: Annotation): FixedAddress[] {
  if (ip.text === "") {
    throw malformed(ip, "an address, since its netmask or gateway is given, or none of the three");
  }
  const entries = listOf(ip).map((text) => parseEntry(ip, text));
  const addresses = entries.map(({ address }) => address);
  refuseDuplicates(ip, addresses);
  const masks = masksFor(netmask, ip, addresses);
  const gateways = gatewaysFor(gateway, ip, addresses);
  return entries.map(({ address, prefix: written }, index) => {
    const mask = masks[index];
    if (written !== undefined && mask !== undefined && written !== mask)
      throw malformed(netmask, `/${written}, which ${ip.key} says already`);
    const prefix = written ?? mask;
    const via = gateways[index];
    if (prefix !== undefined) requireHost(ip, { address, prefix });
    return { address, ...(prefix !== undefined && { prefix }), ...(via && { gateway: via }), source: ip.key };
  });
}

/** Reads kube-ipam.ips: addresses and ranges "first-last", in the order in which ordinals take them. */
export function parseSet(ips: Annotation): Interval[] {
  const intervals = listOf(ips, CAPS.listParts).map((text) => parseRange(ips, text));
  const size = intervals.reduce((sum, interval) => sum + sizeOf(interval), 0n);
  if (size > CAPS.setAddresses) throw malformed(ips, `at most ${CAPS.setAddresses} addresses, not ${size}`);
  if (findOverlap(intervals, (interval) => interval) !== undefined) throw malformed(ips, "each address once");
  return intervals;
}

/** Reads kube-ipam.sticky. */
export function parseSticky(sticky: Annotation): boolean {
  if (sticky.text === "true" || sticky.text === "false") return sticky.text === "true";
  throw malformed(sticky, '"true" or "false"');
}

/** Reads kube-ipam.retain: "delete", "keep", or a time such as "30m" or "1d12h", in seconds. */
export function parseRetention(retain: Annotation): Exclude<Retention, "workload"> {
  const retention = tryParseRetention(retain.text);
  if (retention !== undefined && retention !== "workload") return retention;
  throw malformed(retain, '"delete", "keep", or a time such as "90s", "30m", "12h" or "7d"');
}

/** The entries of a comma separated list, without outer blanks. */
function listOf(annotation: Annotation, most: number = CAPS.namedAddresses): string[] {
  const parts = annotation.text.split(",");
  requireFewParts(annotation, parts.length, most);
  return parts.map((entry) => entry.trim());
}

function refuseDuplicates(ip: Annotation, addresses: readonly Address[]): void {
  const seen = new Set(addresses.map(({ family, value }) => `${family} ${value}`));
  if (seen.size < addresses.length) throw malformed(ip, "each address once");
}

/** Netmasks by position; a single one belongs to the only address of its family. */
function masksFor(
  netmask: Annotation,
  ip: Annotation,
  addresses: readonly Address[],
): (number | undefined)[] {
  if (netmask.text === "") return addresses.map(() => undefined);
  const texts = listOf(netmask);
  if (texts.length === addresses.length)
    return addresses.map(({ family }, index) => parseMask(netmask, texts[index] ?? "", family));
  const [text] = texts;
  const v4 = addresses.filter(({ family }) => family === 4);
  if (texts.length !== 1 || text === undefined || v4.length !== 1 || !text.includes("."))
    throw malformed(netmask, `${addresses.length} netmasks, as many as ${ip.key} has addresses`);
  return addresses.map(({ family }) => (family === 4 ? parseMask(netmask, text, 4) : undefined));
}

/** Gateways by family where each family has one address, else by position. */
function gatewaysFor(
  gateway: Annotation,
  ip: Annotation,
  addresses: readonly Address[],
): (Address | undefined)[] {
  if (gateway.text === "") return addresses.map(() => undefined);
  const gateways = listOf(gateway).map((text) => {
    const address = tryParseAddress(text);
    const zone = text.includes("%") ? ' without a zone (such as "%eth0")' : "";
    if (address === undefined) throw malformed(gateway, `an IP address${zone} for each gateway`);
    return address;
  });
  const families = new Set(addresses.map(({ family }) => family));
  if (families.size === addresses.length) {
    const foreign = gateways.some(({ family }) => !families.has(family));
    const twice = new Set(gateways.map(({ family }) => family)).size < gateways.length;
    if (foreign || twice)
      throw malformed(gateway, `a gateway of the same family as each address of ${ip.key}`);
    return addresses.map(({ family }) => gateways.find((candidate) => candidate.family === family));
  }
  if (gateways.length === addresses.length) return gateways;
  throw malformed(gateway, `${addresses.length} gateways, as many as ${ip.key} has addresses`);
}

/** A block would give out its network's own address and its broadcast. */
function parseRange(ips: Annotation, text: string): Interval {
  const interval = text.includes("/") ? undefined : tryParseInterval(text);
  if (interval !== undefined) return interval;
  throw malformed(
    ips,
    "addresses and ranges with the lower end first, such as 10.1.2.10,10.1.2.20-10.1.2.29",
  );
}
