import type { Address } from "./address.ts";

/**
 * Fixed-width text that sorts like the number and can be read by a person: `010.188.000.216`, or
 * IPv6 in full, lower case.
 */
export function sortableText({ family, value }: Address): string {
  if (family === 4) return sortableV4(Number(value));
  return groups(value, 8, 16n, (group) => group.toString(16).padStart(4, "0")).join(":");
}

function sortableV4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].map(threeDigits).join(".");
}

/** 0 to 255, written out once: every key of the store has four of them. */
const THREE_DIGITS = Array.from({ length: 256 }, (_, octet) => String(octet).padStart(3, "0"));

function threeDigits(octet: number): string {
  return THREE_DIGITS[octet] ?? "";
}

/**
 * Reads what sortableText writes, and nothing else. Many hundred keys are read while a pod waits,
 * so this goes character by character.
 *
 * @throws RangeError naming the text.
 */
export function parseSortable(text: string): Address {
  const address = text.length === V4_LENGTH ? parseV4(text) : parseV6(text);
  if (address === undefined) throw new RangeError(`'${text}' is not an address in sortable text`);
  return address;
}

const V4_LENGTH = "255.255.255.255".length;
const [DOT, ZERO] = [".".charCodeAt(0), "0".charCodeAt(0)];

function parseV4(text: string): Address | undefined {
  let value = 0;
  for (let at = 0; at < V4_LENGTH; at += 4) {
    const group = digitAt(text, at) * 100 + digitAt(text, at + 1) * 10 + digitAt(text, at + 2);
    // A character that is no digit makes the group NaN, which is not <= 255 either.
    if (!(group <= 255) || (at > 0 && text.charCodeAt(at - 1) !== DOT)) return undefined;
    value = value * 256 + group;
  }
  return { family: 4, value: BigInt(value) };
}

function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

function parseV6(text: string): Address | undefined {
  if (!/^([0-9a-f]{4}:){7}[0-9a-f]{4}$/.test(text)) return undefined;
  const value = BigInt(`0x${text.replaceAll(":", "")}`);
  return value >> 32n === 0xffffn ? undefined : { family: 6, value };
}

function groups(value: bigint, count: number, width: bigint, show: (group: bigint) => string): string[] {
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, index) =>
    show((value >> (width * BigInt(count - 1 - index))) & mask),
  );
}
