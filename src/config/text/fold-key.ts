/**
 * A key as Go's encoding/json compares it: without regard to case, by Unicode's simple folding. Of all that
 * is not ASCII only 'ſ' (as s) and the Kelvin sign (as k) fold to a letter of our keys.
 */
export function foldKey(key: string): string {
  return key.replaceAll("ſ", "s").toLowerCase();
}

/** A key without case and without what separates words: `range_start` and `range-start` are `rangeStart`. */
export function bareKey(key: string): string {
  return foldKey(key).replace(/[\s._-]+/g, "");
}
