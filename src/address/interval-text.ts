import { formatAddress, tryParseAddress } from "./address.ts";
import { cidrInterval, tryParseCidr } from "./cidr.ts";
import { type Interval, isOneAddress } from "./interval.ts";

/** As tryParseInterval. @throws RangeError naming the text. */
export function parseInterval(text: string): Interval {
  const interval = tryParseInterval(text);
  if (interval === undefined) throw new RangeError(`'${text}' is not an interval of addresses`);
  return interval;
}

/**
 * Reads one address, `first-last`, or a CIDR (the whole block, whatever its host bits say).
 * Undefined for anything else, for two families, and for a first end above the last.
 */
export function tryParseInterval(text: string): Interval | undefined {
  if (text.includes("/")) {
    const cidr = tryParseCidr(text);
    return cidr && cidrInterval(cidr);
  }
  const ends = text.split("-").map((end) => tryParseAddress(end.trim()));
  const [first, last = first] = ends;
  if (ends.length > 2 || ends.includes(undefined) || first === undefined || last === undefined)
    return undefined;
  return first.family === last.family && first.value <= last.value ? { first, last } : undefined;
}

/** "10.1.2.3", or "10.1.2.3-10.1.2.9". */
export function formatInterval(interval: Interval): string {
  const first = formatAddress(interval.first);
  return isOneAddress(interval) ? first : `${first}-${formatAddress(interval.last)}`;
}
