import { type Address, tryParseAddress } from "./address.ts";

/**
 * Fixed-width text that sorts like the number and can be read by a person: `010.188.000.216`, or
 * IPv6 in full, lower case.
 */
export function sortableText({ family, value }: Address): string {
  if (family === 4) return groups(value, 4, 8n, (group) => group.toString().padStart(3, "0")).join(".");
  return groups(value, 8, 16n, (group) => group.toString(16).padStart(4, "0")).join(":");
}

/** @throws RangeError when the text is not exactly what sortableText writes. */
export function parseSortable(text: string): Address {
  const address = tryParseAddress(text.replace(/(^|\.)0{1,2}(?=[0-9])/g, "$1"));
  if (address === undefined || sortableText(address) !== text) {
    throw new RangeError(`'${text}' is not an address in sortable text`);
  }
  return address;
}

function groups(value: bigint, count: number, width: bigint, show: (group: bigint) => string): string[] {
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, index) =>
    show((value >> (width * BigInt(count - 1 - index))) & mask),
  );
}
