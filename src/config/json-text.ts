import { IpamError } from "../ipam/errors.ts";
import { findJsonFault } from "./json-fault.ts";

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
  try {
    return JSON.parse(text);
  } catch {
    const fault = findJsonFault(text);
    if (fault === undefined) throw new IpamError("decode", `${subject} is not valid JSON`);
    const { line, column, problem, remedy } = fault;
    throw new IpamError(
      "decode",
      `${subject} is not valid JSON: line ${line}, column ${column}: ${problem}`,
      remedy,
    );
  }
}
