import { parseJsonObject } from "../../config/text/json-text.ts";
import { memberInAnyCase } from "../../config/text/places.ts";

/**
 * What is read of a network configuration before the rest is checked: the version, which decides how to read
 * the rest, and the network's name for the log.
 *
 * @throws IpamError decode naming line and column when it is not a JSON object.
 */
export function peek(stdin: string): { readonly cniVersion?: unknown; readonly name?: unknown } {
  const document = parseJsonObject(stdin, "the network configuration");
  return { cniVersion: memberInAnyCase(document, "cniVersion"), name: memberInAnyCase(document, "name") };
}
