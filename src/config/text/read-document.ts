import { canonicalKeys } from "./canonical-keys.ts";
import { type Json, parseJsonObject } from "./json-text.ts";
import type { Refuse } from "./key-fault.ts";
import type { KeyedPlace } from "./places.ts";
import { repeatedKeys } from "./repeated-keys.ts";

interface Options {
  /** What the text is, for messages about its JSON. */
  readonly subject: string;
  /** Stands before the path of a key in messages: "", or a file's name with ": ". */
  readonly prefix?: string;
  readonly place: KeyedPlace;
  readonly refuse: Refuse;
  /** What the text says, where somebody has parsed it already. */
  readonly parsed?: Json;
  /** Does not look for keys that are there twice: the last counts, as JSON.parse has it. */
  readonly brief?: boolean;
}

/**
 * Reads a configuration as Go's encoding/json does, without regard to the case of its keys: known keys of the
 * answer have the spelling of our tables. Everybody who reads a configuration's text reads it by this.
 *
 * @throws IpamError decode for text that is no JSON object; what `refuse` throws for a key that is there twice.
 */
export function readDocument(text: string, options: Options): Json {
  const { subject, prefix = "", place, refuse, brief = false } = options;
  const document = options.parsed ?? parseJsonObject(text, subject);
  const repeated = brief ? new Map() : repeatedKeys(text, document);
  return canonicalKeys(document, place, { path: prefix, repeated, refuse }) as Json;
}
