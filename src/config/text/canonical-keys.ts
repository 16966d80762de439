import { IpamError } from "../../ipam/errors.ts";
import { isObject, type Json } from "./json-text.ts";
import { keyPath, type Refuse, shownKey } from "./key-fault.ts";
import type { KeyedPlace, Place } from "./places.ts";
import type { RepeatedKeys } from "./repeated-keys.ts";

interface Options {
  /** How messages name the object: "" for the document itself, "ipam". */
  readonly path: string;
  readonly repeated: RepeatedKeys;
  /** Hears of keys that are there twice. Where it does not throw, the exact spelling counts, else the last. */
  readonly refuse: Refuse;
}

/** The same value, in which every known key has the spelling of our tables. */
export function canonicalKeys(value: unknown, place: Place, options: Options): unknown {
  if (place?.is === "list" && Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      const theirs = place.only?.(item) === false;
      return theirs
        ? item
        : canonicalKeys(item, place.each, { ...options, path: `${options.path}[${index}]` });
    });
  }
  if (place === undefined || place.is === "list" || !isObject(value)) return value;
  if (place.is === "keyed") return ofKeyed(value, place, options);
  for (const key of options.repeated.get(value) ?? []) options.refuse(twice(options.path, key));
  if (place.each === undefined) return value;
  return membersOf(value, Object.keys(value), (key) => [key, place.each], options);
}

function ofKeyed(object: Json, place: KeyedPlace, options: Options): Json {
  const keys = Object.keys(object);
  const chosen = new Map<string, string>();
  for (const key of keys) {
    const right = place.knows(key);
    if (right === undefined) continue;
    const other = chosen.get(right);
    if (other !== undefined) options.refuse(twice(options.path, right, [other, key]));
    if (other !== right) chosen.set(right, key);
  }
  for (const key of options.repeated.get(object) ?? []) {
    if (place.knows(key) !== undefined) options.refuse(twice(options.path, key));
  }
  const names = new Map([...chosen].map(([name, key]) => [key, name]));
  const counting = keys.filter((key) => names.has(key) || place.knows(key) === undefined);
  const named = (key: string) => names.get(key) ?? key;
  return membersOf(object, counting, (key) => [named(key), place.places.get(named(key))], options);
}

function membersOf(
  object: Json,
  keys: readonly string[],
  named: (key: string) => readonly [string, Place],
  options: Options,
): Json {
  return Object.fromEntries(
    keys.map((key) => {
      const [name, place] = named(key);
      if (place === undefined) return [name, object[key]];
      const path = keyPath(options.path, name);
      return [name, canonicalKeys(object[key], place, { ...options, path })];
    }),
  );
}

function twice(path: string, key: string, spellings: readonly string[] = []): IpamError {
  const as = spellings.map((spelling) => `"${shownKey(spelling)}"`).join(" and as ");
  return new IpamError(
    "invalidConfig",
    `${keyPath(path, shownKey(key))} is there twice${as && `: as ${as}`}`,
    as === ""
      ? "keep the one that is meant"
      : "keys are read without regard to case: keep the one that is meant",
  );
}
