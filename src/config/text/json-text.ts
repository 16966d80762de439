import { IpamError } from "../../ipam/errors.ts";
import { DEEPEST, findJsonFault } from "./json-fault.ts";

/** A JSON object as it came: nothing is known of its members yet. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON object.
 *
 * @param subject what the text is, for messages: "the network configuration", a file's path.
 * @throws IpamError decode naming line, column, what was expected there, and the likely remedy.
 */
export function parseJsonObject(text: string, subject: string): Json {
  const value = parseJson(text.replace(/^\uFEFF/, ""), subject);
  if (isObject(value)) return value;
  const got = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw new IpamError("decode", `${subject} must be a JSON object {…}, got ${got}`);
}

/** True for {…}: neither a list nor null. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member; never what every object inherits ("constructor", "toString", "__proto__"). */
export function member(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function parseJson(text: string, subject: string): unknown {
  const value = tryParse(text);
  if (value !== undefined && !mayBeDeep(text)) return value;
  const fault = findJsonFault(text);
  if (fault === undefined && value !== undefined) return value;
  const where = fault && `: line ${fault.line}, column ${fault.column}: ${fault.problem}`;
  throw new IpamError("decode", `${subject} is not valid JSON${where ?? ""}`, fault?.remedy);
}

/** Undefined is nothing that JSON can say. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nesting that JSON.parse takes but the recursion of others would not; the scanner refuses it. */
function mayBeDeep(text: string): boolean {
  return text.split(/[[{]/, DEEPEST + 1).length > DEEPEST;
}
