import { type Address, tryParseAddress } from "../../address/address.ts";
import type { Cidr } from "../../address/cidr.ts";
import { type Interval, overlaps } from "../../address/interval.ts";
import type { Retention } from "../records.ts";
import type { FixedAddress } from "../wish.ts";
import { malformed } from "./annotation-error.ts";
import { type Key, readValue, siblingKey } from "./annotation-keys.ts";
import type { Annotations } from "./annotations.ts";
import { parseEntry, parseMask, requireGatewayFits, requireHost } from "./fixed-address-parts.ts";

/**
 * Reads kube-ipam.ip with the netmask and gateway of the same form. `subnetOf` tells the subnet of
 * this network that holds an address; gateways of other networks' addresses are not judged here.
 *
 * @throws IpamError annotationMalformed
 */
export function parseAddresses(
  key: Key,
  annotations: Annotations,
  subnetOf: (address: Address) => Cidr | undefined,
): FixedAddress[] {
  if (readValue(annotations, key.key) === "") {
    throw malformed(
      key,
      annotations,
      "an address, since its netmask or gateway is given, or none of the three",
    );
  }
  const entries = listOf(key, annotations).map((text) => parseEntry(key, annotations, text));
  refuseDuplicates(
    key,
    annotations,
    entries.map(({ address }) => address),
  );
  const addresses = entries.map(({ address }) => address);
  const masks = masksFor(key, annotations, addresses);
  const gateways = gatewaysFor(key, annotations, addresses);
  return entries.map(({ address, prefix: written }, index) => {
    const mask = masks[index];
    if (written !== undefined && mask !== undefined && written !== mask) {
      throw malformed(
        { key: siblingKey(key, "netmask") },
        annotations,
        `/${written}, which ${key.key} says already`,
      );
    }
    const prefix = written ?? mask;
    const gateway = gateways[index];
    const effective = prefix ?? subnetOf(address)?.prefix;
    if (prefix !== undefined) requireHost(key, annotations, { address, prefix });
    if (gateway !== undefined && effective !== undefined) {
      requireGatewayFits({ key: siblingKey(key, "gateway") }, annotations, gateway, {
        address,
        prefix: effective,
      });
    }
    return { address, ...(prefix !== undefined && { prefix }), ...(gateway && { gateway }), source: key.key };
  });
}

/** Reads kube-ipam.ips: addresses and ranges "first-last", in the order in which ordinals take them. */
export function parseSet(key: Key, annotations: Annotations): Interval[] {
  const intervals = listOf(key, annotations).map((text) => parseInterval(key, annotations, text));
  intervals.forEach((interval, index) => {
    if (intervals.slice(0, index).some((earlier) => overlaps(earlier, interval))) {
      throw malformed(key, annotations, "each address once");
    }
  });
  return intervals;
}

/** Reads kube-ipam.sticky. */
export function parseSticky(key: Key, annotations: Annotations): boolean {
  const value = readValue(annotations, key.key);
  if (value === "true" || value === "false") return value === "true";
  throw malformed(key, annotations, '"true" or "false"');
}

const SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;

/** Reads kube-ipam.retain: "delete", "keep", or a time such as "30m" or "1d12h", in seconds. */
export function parseRetention(key: Key, annotations: Annotations): Retention {
  const value = readValue(annotations, key.key);
  if (value === "delete" || value === "keep") return value;
  if (!/^(\d{1,9}[dhms])+$/.test(value)) {
    throw malformed(key, annotations, '"delete", "keep", or a time such as "90s", "30m", "12h" or "7d"');
  }
  return [...value.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * SECONDS[unit as keyof typeof SECONDS],
    0,
  );
}

/** The entries of a comma separated list, without outer blanks. */
function listOf({ key }: Key, annotations: Annotations): string[] {
  return readValue(annotations, key)
    .split(",")
    .map((entry) => entry.trim());
}

function refuseDuplicates(key: Key, annotations: Annotations, addresses: readonly Address[]): void {
  const seen = new Set(addresses.map(({ family, value }) => `${family} ${value}`));
  if (seen.size < addresses.length) throw malformed(key, annotations, "each address once");
}

/** Netmasks by position; a single one belongs to the only address of its family. */
function masksFor(key: Key, annotations: Annotations, addresses: readonly Address[]): (number | undefined)[] {
  const mask = { key: siblingKey(key, "netmask") };
  if (readValue(annotations, mask.key) === "") return addresses.map(() => undefined);
  const texts = listOf(mask, annotations);
  if (texts.length === addresses.length) {
    return addresses.map(({ family }, index) => parseMask(mask, annotations, texts[index] ?? "", family));
  }
  const [text] = texts;
  const v4 = addresses.filter(({ family }) => family === 4);
  if (texts.length !== 1 || text === undefined || v4.length !== 1 || !text.includes(".")) {
    throw malformed(mask, annotations, `${addresses.length} netmasks, as many as ${key.key} has addresses`);
  }
  return addresses.map(({ family }) => (family === 4 ? parseMask(mask, annotations, text, 4) : undefined));
}

/** Gateways by family where each family has one address, else by position. */
function gatewaysFor(
  key: Key,
  annotations: Annotations,
  addresses: readonly Address[],
): (Address | undefined)[] {
  const gateway = { key: siblingKey(key, "gateway") };
  if (readValue(annotations, gateway.key) === "") return addresses.map(() => undefined);
  const gateways = listOf(gateway, annotations).map((text) => {
    const address = tryParseAddress(text);
    if (address === undefined) throw malformed(gateway, annotations, "an IP address for each gateway");
    return address;
  });
  const families = new Set(addresses.map(({ family }) => family));
  if (families.size === addresses.length) {
    const foreign = gateways.some(({ family }) => !families.has(family));
    const twice = new Set(gateways.map(({ family }) => family)).size < gateways.length;
    if (foreign || twice)
      throw malformed(gateway, annotations, `a gateway of the same family as each address of ${key.key}`);
    return addresses.map(({ family }) => gateways.find((candidate) => candidate.family === family));
  }
  if (gateways.length === addresses.length) return gateways;
  throw malformed(gateway, annotations, `${addresses.length} gateways, as many as ${key.key} has addresses`);
}

function parseInterval(key: Key, annotations: Annotations, text: string): Interval {
  const ends = text.split("-").map((end) => tryParseAddress(end.trim()));
  const [first, last = first] = ends;
  const whole = ends.length <= 2 && !ends.includes(undefined);
  if (
    !whole ||
    first === undefined ||
    last === undefined ||
    first.family !== last.family ||
    first.value > last.value
  ) {
    throw malformed(
      key,
      annotations,
      "addresses and ranges with the lower end first, such as 10.1.2.10,10.1.2.20-10.1.2.29",
    );
  }
  return { first, last };
}
