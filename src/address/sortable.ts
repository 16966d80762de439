import { type Address, parseAddress } from "./address.ts";

/**
 * Fixed-width text that sorts like the number and can be read by a person: `010.188.000.216`, or
 * IPv6 in full, lower case.
 */
export function sortableText({ family, value }: Address): string {
  if (family === 4) return groups(value, 4, 8n, (group) => group.toString().padStart(3, "0")).join(".");
  return groups(value, 8, 16n, (group) => group.toString(16).padStart(4, "0")).join(":");
}

/** @throws RangeError when the text is not what sortableText writes. */
export function parseSortable(text: string): Address {
  if (text.includes(":")) return { family: 6, value: BigInt(`0x${text.replaceAll(":", "")}`) };
  return parseAddress(
    text
      .split(".")
      .map((part) => String(Number(part)))
      .join("."),
  );
}

function groups(value: bigint, count: number, width: bigint, show: (group: bigint) => string): string[] {
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, index) =>
    show((value >> (width * BigInt(count - 1 - index))) & mask),
  );
}
