import { type Json, parseJsonObject } from "../../config/text/json-text.ts";
import { memberInAnyCase } from "../../config/text/places.ts";

/** A network configuration of which little is known. */
export interface Peeked {
  /** Decides how to read the rest. */
  readonly cniVersion?: unknown;
  /** The network's, for the log. */
  readonly name?: unknown;
  readonly document: Json;
}

/**
 * What is read of a network configuration before the rest is checked.
 *
 * @throws IpamError decode naming line and column when it is not a JSON object.
 */
export function peek(stdin: string): Peeked {
  const document = parseJsonObject(stdin, "the network configuration");
  const cniVersion = memberInAnyCase(document, "cniVersion");
  return { document, cniVersion, name: memberInAnyCase(document, "name") };
}
