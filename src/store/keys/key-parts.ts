import type { Address, Family } from "../../address/address.ts";
import { toBytes } from "./bytes.ts";

/**
 * Escapes a name as one part of a key, with percent signs, so that a "/" in it does not begin another part.
 * Letters, digits and - _ . ~ ! * ' ( ) stay readable.
 */
export function escapePart(name: string): string {
  return READABLE.test(name) ? name : encodeURIComponent(name.toWellFormed());
}

/** Most names; the test is cheaper than to escape nothing. */
const READABLE = /^[\w.-]*$/;

/** Undoes `escapePart`; undefined for text that it never writes. */
export function unescapePart(part: string): string | undefined {
  try {
    const name = decodeURIComponent(part);
    return escapePart(name) === part ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Undoes `sortableText` for an address; undefined for text that it never writes. */
export function parseAddressPart(part: string): Address | undefined {
  return addressIn(toBytes(part), 0);
}

/**
 * The address that is the last part of a key. Byte by byte, because a window of a pool that is
 * nearly full holds hundreds of keys: with anything slower an agent spends most of its time here.
 */
export function lastPart(key: Uint8Array, family: Family): Address | undefined {
  const start = key.length - (family === 4 ? V4_LENGTH : V6_LENGTH);
  return key[start - 1] === SLASH ? addressIn(key, start) : undefined;
}

function addressIn(bytes: Uint8Array, start: number): Address | undefined {
  const length = bytes.length - start;
  if (length === V4_LENGTH) return v4In(bytes, start);
  return length === V6_LENGTH ? v6In(bytes, start) : undefined;
}

const V4_LENGTH = "000.000.000.000".length;
const V6_LENGTH = "0000:0000:0000:0000:0000:0000:0000:0000".length;
const [ZERO = 0, NINE = 0, DOT = 0, SLASH = 0, COLON = 0, A = 0, F = 0] = toBytes("09./:af");

function v4In(bytes: Uint8Array, start: number): Address | undefined {
  let value = 0;
  let octet = 0;
  for (let index = 0; index < V4_LENGTH; index += 1) {
    const byte = bytes[start + index] ?? 0;
    if (index % 4 === 3) {
      if (byte !== DOT || octet > 255) return undefined;
      value = value * 256 + octet;
      octet = 0;
    } else {
      if (byte < ZERO || byte > NINE) return undefined;
      octet = octet * 10 + byte - ZERO;
    }
  }
  return octet > 255 ? undefined : { family: 4, value: BigInt(value * 256 + octet) };
}

function v6In(bytes: Uint8Array, start: number): Address | undefined {
  let digits = "";
  for (let index = 0; index < V6_LENGTH; index += 1) {
    const byte = bytes[start + index] ?? 0;
    if (index % 5 === 4) {
      if (byte !== COLON) return undefined;
    } else {
      const isHex = (byte >= ZERO && byte <= NINE) || (byte >= A && byte <= F);
      if (!isHex) return undefined;
      digits += String.fromCharCode(byte);
    }
  }
  return { family: 6, value: BigInt(`0x${digits}`) };
}
