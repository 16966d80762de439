import { parseJsonObject } from "../config/text/json-text.ts";

/**
 * What must be known of a network configuration before it is understood: the key that decides how to read
 * the rest, and, for the log, whose it is.
 *
 * @throws IpamError decode naming line and column when it is not a JSON object.
 */
export function peek(stdin: string): { readonly cniVersion?: unknown; readonly name?: unknown } {
  return parseJsonObject(stdin, "the network configuration");
}
