import { type Address, tryParseAddress } from "./address.ts";

/** A URL's host as a resolver takes it: an IPv6 address stands in brackets there. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** The address that a URL's host is, with or without brackets; undefined for a name. */
export function addressOfHost(host: string): Address | undefined {
  return tryParseAddress(withoutBrackets(host));
}
