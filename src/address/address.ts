export type Family = 4 | 6;

/** An IP address as a value: 32 bits for family 4, 128 bits for family 6. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Width of an address of this family, in bits. */
export function bitsOf(family: Family): number {
  return BITS[family];
}

/**
 * Reads an address in text (RFC 4291 section 2.2; dotted decimal without leading zeros, which some
 * take for octal). IPv4-mapped IPv6 becomes IPv4.
 *
 * @throws RangeError naming the text.
 */
export function parseAddress(text: string): Address {
  const address = tryParseAddress(text);
  if (address === undefined) throw new RangeError(`'${text}' is not an IP address`);
  return address;
}

/** As parseAddress, but undefined instead of an error. */
export function tryParseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? parseV6(text) : parseV4(text);
  if (value === undefined) return undefined;
  if (!text.includes(":")) return { family: 4, value };
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** Canonical text: dotted decimal, or lower case compressed (RFC 5952). */
export function formatAddress({ family, value }: Address): string {
  return family === 4 ? formatV4(value) : formatV6(value);
}

export function equalAddresses(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Negative, zero or positive: family 4 before 6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** The address `distance` after this one; the caller keeps it inside the family. */
export function offsetAddress({ family, value }: Address, distance: bigint): Address {
  return { family, value: value + distance };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function formatV4(value: bigint): string {
  const number = Number(value);
  return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
}

function parseV6(text: string): bigint | undefined {
  const groups = expandGroups(text);
  if (groups === undefined || groups.length !== 8) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** The eight groups of an IPv6 text, with "::" filled in and a dotted tail turned into two groups. */
function expandGroups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head;
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(half: string, mayEndDotted: boolean): number[] | undefined {
  if (half === "") return [];
  const groups: number[] = [];
  const parts = half.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndDotted && index === parts.length - 1 && part.includes(".")) {
      const dotted = parseV4(part);
      if (dotted === undefined) return undefined;
      groups.push(Number(dotted >> 16n), Number(dotted & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index - start + 1 > best.length) best = { start, length: index - start + 1 };
  });
  return best;
}
