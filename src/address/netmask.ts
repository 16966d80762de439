import { bitsOf, type Family, tryParseAddress } from "./address.ts";

/**
 * Reads the length of a network's prefix: `16`, `/16`, or the dotted mask `255.255.0.0` (IPv4 only).
 * Undefined for a mask with gaps, for 0, for more bits than the family has, and for any other text.
 */
export function tryParseNetmask(text: string, family: Family): number | undefined {
  if (text.includes(".")) return family === 4 ? prefixOfMask(text) : undefined;
  return tryParsePrefix(text.replace(/^\//, ""), family);
}

/** Reads the length of a network's prefix, from 1 to all bits of an address. Undefined for any other text. */
export function tryParsePrefix(text: string, family: Family): number | undefined {
  const prefix = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  return prefix >= 1 && prefix <= bitsOf(family) ? prefix : undefined;
}

/** Undefined unless the ones of the mask come before its zeros. */
function prefixOfMask(text: string): number | undefined {
  const mask = text.includes(":") ? undefined : tryParseAddress(text);
  const bits = mask?.value.toString(2).padStart(32, "0") ?? "";
  return /^1+0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}
