import { type Address, offsetAddress, tryParseAddress } from "../address/address.ts";
import { type Cidr, cidrContains, networkOf, tryParseCidr } from "../address/cidr.ts";
import type { WhereaboutsPool } from "./whereabouts-state.ts";

/** Of the digits of an offset. More would be no address, and slow to count with. */
const LONGEST_OFFSET = 64;
/** Releases before 0.9 counted with 64 bits, and wrote what lies beyond as a negative number or without it. */
const WORD = 1n << 64n;
const WHOLE = 1n << 128n;
/** Colons part an IPv6 address into eight groups, or nine with "::" at an end. */
const MOST_GROUPS = 9;
/** What an address may stand before. Ten thousand names of dashes would otherwise be read as addresses for seconds. */
const MAYBE_PREFIX = /^\d{1,3}$/;

/**
 * The pool's range as a value, host bits included: offsets count from its address. Of "first-last/prefix" they count
 * from the network's, as whereabouts takes that form apart. Undefined for other text.
 */
export function rangeOf({ range }: Pick<WhereaboutsPool, "range">): Cidr | undefined {
  const text = range.trim();
  const [, first, last = ""] = /^([^-/]+)-([^-/]+\/\d+)$/.exec(text) ?? [];
  if (first === undefined) return tryParseCidr(text);
  const cidr = tryParseAddress(first.trim()) && tryParseCidr(last.trim());
  return cidr && { ...cidr, address: networkOf(cidr) };
}

/** The range that a pool's name tells: "10.1.2.0-24", "lan-fd00---64", "10.1.0.0-16-node1". */
export function rangeInName(name: string): Cidr | undefined {
  const parts = name.split("-");
  for (let from = 0; from < parts.length; from++) {
    for (let to = from + 1; to < parts.length && to - from <= MOST_GROUPS; to++) {
      const prefix = parts[to] ?? "";
      if (!MAYBE_PREFIX.test(prefix)) continue;
      const range = tryParseCidr(`${parts.slice(from, to).join(":")}/${prefix}`);
      if (range !== undefined) return range;
    }
  }
  return undefined;
}

/** Whereabouts' `network_name` in a pool's name, which stands before the range; "" without one. */
export function networkNameOf({ name, range }: Pick<WhereaboutsPool, "name" | "range">): string {
  const at = name.indexOf(range.trim().replace(/[:/]/g, "-"));
  return at > 0 ? name.slice(0, at).replace(/-$/, "") : "";
}

/** The addresses that a reservation's name may mean, each with the network's name before it: "lan-10.1.2.3", "fd00--1". */
export function addressesIn(name: string): { readonly address: Address; readonly network: string }[] {
  const parts = name.split("-");
  const groups = Math.min(parts.length, MOST_GROUPS);
  return Array.from({ length: groups }, (_, n) => parts.length - groups + n).flatMap((from) => {
    const address = tryParseAddress(parts.slice(from).join(":"));
    return address === undefined ? [] : [{ address, network: parts.slice(0, from).join("-") }];
  });
}

/**
 * The address at an offset. A negative one is the complement of two of 64 or 128 bits. Where the entry's pod shows an
 * address whose last 64 bits are those, it is that one: the rest was lost.
 *
 * @param shown what the entry's pod shows.
 * @param isWanted whether an address beyond the pool's range is of the network nevertheless.
 */
export function addressAt(
  range: Cidr,
  offset: string,
  shown: readonly Address[],
  isWanted: (address: Address) => boolean,
): Address | undefined {
  const text = offset.trim();
  if (text.length > LONGEST_OFFSET || !/^[+-]?\d+$/.test(text)) return undefined;
  const count = BigInt(text.replace(/^\+/, ""));
  const { family, value: first } = range.address;
  const wrapped = shown.find(
    (address) =>
      address.family === family &&
      cidrContains(range, address) &&
      (address.value - first - count) % WORD === 0n,
  );
  if (wrapped !== undefined) return wrapped;
  const readings = count < 0n ? [count + WORD, count + WHOLE, count] : [count];
  const addresses = readings.map((reading) => offsetAddress(range.address, reading));
  return addresses.find((address) => cidrContains(range, address)) ?? addresses.find(isWanted);
}
