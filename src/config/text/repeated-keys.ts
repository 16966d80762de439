import { isObject, member } from "./json-text.ts";

/** By object: the keys that the text gives it more than once. JSON.parse keeps the last of them alone. */
export type RepeatedKeys = ReadonlyMap<object, ReadonlySet<string>>;

const NONE: RepeatedKeys = new Map();

/**
 * Finds keys that stand literally twice in one object. Costs one pass over the strings of the text where
 * there are none.
 *
 * @param text valid JSON, nested no deeper than parseJsonObject allows; `value` is what it says.
 */
export function repeatedKeys(text: string, value: unknown): RepeatedKeys {
  return countKeys(text) === countMembers(value) ? NONE : findRepeated(text, value);
}

function countKeys(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    at = afterBlanks(text, endOfString(text, at));
    if (text[at] === ":") count += 1;
  }
  return count;
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const item of Object.values(value)) count += 1 + countMembers(item);
  return count;
}

/** Where the scan stands in one list or object. */
interface Open {
  readonly value: unknown;
  /** The keys so far; undefined in a list. */
  readonly seen: Set<string> | undefined;
  /** The member that is being read. */
  key: string | number | undefined;
}

function findRepeated(text: string, value: unknown): RepeatedKeys {
  const found = new Map<object, Set<string>>();
  const open: Open[] = [];
  let at = 0;
  while (at < text.length) {
    const top = open.at(-1);
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (top?.seen && top.key === undefined) {
        top.key = String(JSON.parse(text.slice(at, end)));
        if (top.seen.has(top.key)) note(found, top.value, top.key);
        top.seen.add(top.key);
      }
      at = end;
      continue;
    }
    if (character === "{") open.push({ value: inside(top, value), seen: new Set(), key: undefined });
    else if (character === "[") open.push({ value: inside(top, value), seen: undefined, key: 0 });
    else if (character === "}" || character === "]") open.pop();
    else if (character === "," && top) top.key = typeof top.key === "number" ? top.key + 1 : undefined;
    at += 1;
  }
  return found;
}

/** The value that begins here, as far as JSON.parse has kept it. */
function inside(top: Open | undefined, root: unknown): unknown {
  if (top === undefined) return root;
  if (typeof top.key === "number") return Array.isArray(top.value) ? top.value[top.key] : undefined;
  return top.key !== undefined && isObject(top.value) ? member(top.value, top.key) : undefined;
}

function note(found: Map<object, Set<string>>, object: unknown, key: string): void {
  if (!isObject(object)) return;
  found.set(object, (found.get(object) ?? new Set()).add(key));
}

/** Behind the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

function afterBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
  return at;
}
