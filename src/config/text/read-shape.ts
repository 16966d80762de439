import * as v from "valibot";
import { IpamError } from "../../ipam/errors.ts";
import { isObject, type Json, member } from "./json-text.ts";
import type { Shape } from "./shapes.ts";
import { wrongValue } from "./wrong-value.ts";

/** Collects what the log should mention but is not an error. */
export type Warn = (text: string) => void;

export type Entries = Readonly<Record<string, Shape<unknown>>>;

/** What a section holds after reading: the keys that were there, with their values understood. */
export type Values<E extends Entries> = { readonly [K in keyof E]?: v.InferOutput<E[K]> };

export interface Reading {
  /** Stands before each key in messages: "ipam." or "/etc/kube-ipam/config.json: ". */
  readonly path: string;
  readonly warn: Warn;
  /** Keys whose wrong values are only warned about and left out. */
  readonly tolerates?: (key: string) => boolean;
}

/**
 * @throws IpamError invalidConfig naming key, value and what would be right.
 */
export function readShape<T>(shape: Shape<T>, value: unknown, path: string): T {
  const result = v.safeParse(shape, value, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map(({ key }) => key);
  const where = path + keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  throw wrongValue(where, issue.input, issue.message);
}

/**
 * Reads the known keys of a section; null counts as absent, as in the Go programs whose
 * configurations we take over, and so does "" where it means nothing there.
 *
 * @throws IpamError invalidConfig for the first wrong value that is not tolerated.
 */
export function readEntries<E extends Entries>(entries: E, section: Json, reading: Reading): Values<E> {
  const values: [string, unknown][] = [];
  for (const [key, shape] of Object.entries(entries)) {
    const value = withoutNulls(member(section, key));
    if (isAbsent(key, value)) continue;
    try {
      values.push([key, readShape(shape, value, reading.path + key)]);
    } catch (error) {
      if (!(error instanceof IpamError) || !reading.tolerates?.(key)) throw error;
      reading.warn(`${error.message}; ignored, as ${key} is not needed for this operation`);
    }
  }
  return Object.fromEntries(values) as Values<E>;
}

/** Keys of the original in which "" says nothing, as in the Go programs that configurations were written for. */
const EMPTY_IS_ABSENT: readonly string[] = [
  "etcdCertFile",
  "etcdKeyFile",
  "etcdTrustedCAFileFile",
  "etcdTrustedCAFile",
  "kubeConfig",
  "resolvConf",
  "rangeStart",
  "rangeEnd",
  "fixedStart",
  "fixedEnd",
];

function isAbsent(key: string, value: unknown): boolean {
  return value === undefined || (value === "" && EMPTY_IS_ABSENT.includes(key));
}

function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return value.map((item) => (isObject(item) || Array.isArray(item) ? withoutNulls(item) : item));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([key, item]): [string, unknown] => [key, withoutNulls(item)]);
  return Object.fromEntries(members.filter(([key, item]) => !isAbsent(key, item)));
}
