import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { IpamError } from "../../ipam/errors.ts";

const HIDDEN = "(not shown)";

/**
 * The error for a known key with a wrong value: 7, naming the key, the value and what would be right.
 * Passwords, and URLs that hold one, are not repeated.
 *
 * @param path the key as its author finds it, for example `ipam.ranges[0][1].rangeStart`.
 * @param expected continues "must be": a noun phrase.
 */
export function wrongValue(path: string, value: unknown, expected: string, remedy = ""): IpamError {
  return new IpamError("invalidConfig", `${path} must be ${expected}, got ${show(path, value)}`, remedy);
}

/** A value as a message may repeat it. */
export function show(path: string, value: unknown): string {
  if (value === undefined) return "nothing";
  if (path.endsWith("password")) return HIDDEN;
  const text = JSON.stringify(value, withoutSecrets) ?? String(value);
  return cut(text, CAPS.shownValue);
}

function withoutSecrets(key: string, value: unknown): unknown {
  if (key === "password") return HIDDEN;
  return typeof value === "string" && value.includes("@") ? HIDDEN : value;
}
