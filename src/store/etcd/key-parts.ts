import type { Address } from "../../address/address.ts";

/**
 * A name as one part of a key: percent-escaped, so that a "/" inside never looks like the next part
 * and every name comes back as it was. Letters, digits and - _ . ~ ! * ' ( ) stay readable.
 */
export function escapePart(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}

/** The name that `escapePart` was given; undefined for text that it never writes. */
export function unescapePart(part: string): string | undefined {
  try {
    const name = decodeURIComponent(part);
    return escapePart(name) === part ? name : undefined;
  } catch {
    return undefined;
  }
}

/** An address as one part of a key: sorts as the number does and can be read ("010.188.000.216"). */
export function addressPart({ family, value }: Address): string {
  return family === 4
    ? octets(value).join(".")
    : (value.toString(16).padStart(32, "0").match(/.{4}/g) ?? []).join(":");
}

/** The address that `addressPart` was given; undefined for text that it never writes. */
export function parseAddressPart(part: string): Address | undefined {
  if (/^[0-9a-f]{4}(:[0-9a-f]{4}){7}$/.test(part)) {
    return { family: 6, value: BigInt(`0x${part.replaceAll(":", "")}`) };
  }
  if (!/^[0-2][0-9]{2}(\.[0-2][0-9]{2}){3}$/.test(part)) return undefined;
  const numbers = part.split(".").map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  return { family: 4, value: BigInt(numbers.reduce((sum, number) => sum * 256 + number, 0)) };
}

function octets(value: bigint): string[] {
  const number = Number(value);
  return [24, 16, 8, 0].map((shift) => String(Math.floor(number / 2 ** shift) % 256).padStart(3, "0"));
}
