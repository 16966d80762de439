import * as v from "valibot";
import { IpamError } from "../ipam/errors.ts";
import { type FolderKey, readIfThere } from "./files.ts";

type Schema<T> = v.GenericSchema<unknown, T>;

/** Parses a small JSON file; undefined where it is damaged, or of a newer program. */
export function parse<T>(schema: Schema<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const parsed = v.safeParse(schema, parseJson(text));
  return parsed.success ? parsed.output : undefined;
}

/**
 * Refuses to touch a file that a newer program wrote. Call this before you rewrite or remove a file.
 *
 * @throws IpamError io naming the file.
 */
export function refuseNewer(path: string, newest: number, key: FolderKey): void {
  const text = readIfThere(path, key);
  if (text === undefined || !isNewer(text, newest)) return;
  throw new IpamError("io", `'${path}' was written by a newer kube-ipam`, "upgrade kube-ipam on this node");
}

/** Whether a file's version is above `newest`. */
export function isNewer(text: string, newest: number): boolean {
  const parsed = v.safeParse(v.object({ version: v.number() }), parseJson(text));
  return parsed.success && parsed.output.version > newest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
