import type { Address } from "../../address/address.ts";
import { parseSortable, sortableText } from "../../address/sortable.ts";

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

/** The address that `sortableText` was given; undefined for text that it never writes. */
export function parseAddressPart(part: string): Address | undefined {
  try {
    const address = parseSortable(part);
    return sortableText(address) === part ? address : undefined;
  } catch {
    return undefined;
  }
}
