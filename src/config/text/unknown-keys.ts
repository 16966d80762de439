import { RANGE_ENTRIES, ROUTE_ENTRIES } from "./entries.ts";
import { type Json, member } from "./json-text.ts";
import { type Reading, warnUnknown } from "./read-shape.ts";

/** Warns about unknown keys of each range below `ranges`. */
export function warnUnknownInRanges(section: Json, reading: Reading, key = "ranges"): void {
  eachItem(member(section, key), reading.path + key, (set, path) =>
    eachItem(set, path, (range, place) =>
      warnUnknown(Object.keys(RANGE_ENTRIES), range, { ...reading, path: `${place}.` }),
    ),
  );
}

/** Warns about unknown keys of each of the `routes`. */
export function warnUnknownInRoutes(section: Json, reading: Reading): void {
  eachItem(member(section, "routes"), `${reading.path}routes`, (route, path) =>
    warnUnknown(Object.keys(ROUTE_ENTRIES), route, { ...reading, path: `${path}.` }),
  );
}

function eachItem(list: unknown, path: string, visit: (item: unknown, path: string) => void): void {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) visit(item, `${path}[${index}]`);
}
