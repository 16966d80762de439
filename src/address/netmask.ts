import { bitsOf, type Family, tryParseAddress } from "./address.ts";

/**
 * Reads the length of a network's prefix: `16`, `/16`, or the dotted mask `255.255.0.0` (IPv4 only).
 * Undefined for a mask with gaps, for 0, for more bits than the family has, and for any other text.
 */
export function tryParseNetmask(text: string, family: Family): number | undefined {
  const prefix = text.includes(".") ? prefixOfMask(text, family) : prefixOfNumber(text);
  return prefix !== undefined && prefix >= 1 && prefix <= bitsOf(family) ? prefix : undefined;
}

function prefixOfNumber(text: string): number | undefined {
  const digits = /^\/?(0|[1-9][0-9]{0,2})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function prefixOfMask(text: string, family: Family): number | undefined {
  const mask = family === 4 && !text.includes(":") ? tryParseAddress(text) : undefined;
  if (mask === undefined) return undefined;
  const ones = mask.value.toString(2).padStart(32, "0");
  return /^1*0*$/.test(ones) ? ones.replaceAll("0", "").length : undefined;
}
