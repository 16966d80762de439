import { parseJsonObject } from "../../config/text/json-text.ts";

/**
 * What is read of a network configuration before the rest is checked: the version, which decides how to read
 * the rest, and the network's name for the log.
 *
 * @throws IpamError decode naming line and column when it is not a JSON object.
 */
export function peek(stdin: string): { readonly cniVersion?: unknown; readonly name?: unknown } {
  return parseJsonObject(stdin, "the network configuration");
}
