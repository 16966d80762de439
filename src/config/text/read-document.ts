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
}

/**
 * Reads a configuration as Go's encoding/json does, without regard to the case of its keys: known keys of the
 * answer have the spelling of our tables. Everybody who reads a configuration's text reads it by this.
 *
 * @throws IpamError decode for text that is no JSON object; what `refuse` throws for a key that is there twice.
 */
export function readDocument(text: string, { subject, prefix = "", place, refuse }: Options): Json {
  const document = parseJsonObject(text, subject);
  const repeated = repeatedKeys(text, document);
  return canonicalKeys(document, place, { path: prefix, repeated, refuse }) as Json;
}
