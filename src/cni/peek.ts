import { parseJsonObject } from "../config/json-text.ts";

/**
 * The one key that decides how to read the rest of a network configuration.
 *
 * @throws IpamError decode naming line and column when it is not a JSON object.
 */
export function peek(stdin: string): { readonly cniVersion?: unknown } {
  return parseJsonObject(stdin, "the network configuration");
}
