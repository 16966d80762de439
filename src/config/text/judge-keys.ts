import { IpamError } from "../../ipam/errors.ts";
import { isObject } from "./json-text.ts";
import { keyPath, type Refuse, shownKey } from "./key-fault.ts";
import type { Place } from "./places.ts";
import type { Warn } from "./read-shape.ts";
import { verdictOn } from "./unread-key.ts";

interface Options {
  /** How messages name the object: "" for the document itself, "ipam". */
  readonly path: string;
  readonly warn: Warn;
  readonly refuse: Refuse;
}

/**
 * Judges every key that nothing reads (FAIL-CLOSED): what says which addresses or which store is meant is
 * refused, the rest is warned about. Null says nothing.
 *
 * @param value with canonical keys.
 */
export function judgeKeys(value: unknown, place: Place, options: Options): void {
  if (place?.is === "list" && Array.isArray(value)) {
    for (const [index, item] of value.entries())
      judgeKeys(item, place.each, { ...options, path: `${options.path}[${index}]` });
  }
  if (place === undefined || place.is === "list" || !isObject(value)) return;
  if (place.is === "names" && place.each === undefined) return;
  for (const key of Object.keys(value)) {
    const path = keyPath(options.path, shownKey(key));
    const item = value[key];
    if (place.is === "names") judgeKeys(item, place.each, { ...options, path });
    else if (place.keys.has(key)) judgeKeys(item, place.places.get(key), { ...options, path });
    else if (item !== null) tell(verdictOn(key, item, place, path), options);
  }
}

function tell(verdict: IpamError | string | undefined, { warn, refuse }: Options): void {
  if (verdict instanceof IpamError) refuse(verdict);
  else if (verdict !== undefined) warn(verdict);
}
