import { dirname, resolve } from "node:path";
import type * as v from "valibot";
import { readRegularFile } from "../../files/regular-file.ts";
import { outline, readAs } from "./kubeconfig-shape.ts";
import { MOST_BYTES } from "./material.ts";

/** The names in one kubeconfig, and its folder, to which the paths in it are relative. */
export interface KubeConfigFile {
  readonly folder: string;
  readonly found: v.InferOutput<typeof outline>;
}

/** Reads one file. @throws Error of node:fs, or in words for people that it is no kubeconfig. */
export function readFile(path: string): KubeConfigFile {
  return fileOf(path, requireMapping(documentIn(readRegularFile(path, MOST_BYTES))));
}

/**
 * Reads the files of $KUBECONFIG, as kubectl does: one that is not there is passed over, and one without any text says
 * nothing.
 *
 * @throws as `readFile`; Error where none is there.
 */
export function readListed(paths: readonly string[]): KubeConfigFile[] {
  const files = paths.flatMap((path): KubeConfigFile[] => {
    const text = textIfThere(path);
    if (text === undefined) return [];
    return [
      fileOf(
        path,
        naming(path, () => requireMapping(documentIn(text) ?? {})),
      ),
    ];
  });
  if (files.length > 0) return files;
  throw new Error(`none of the files that $KUBECONFIG names is there: ${paths.join(", ")}`);
}

function textIfThere(path: string): string | undefined {
  try {
    return readRegularFile(path, MOST_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function naming<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fileOf(path: string, document: object): KubeConfigFile {
  return { folder: resolve(dirname(path)), found: readAs(outline, document) };
}

/** JSON is YAML. Bun gives several documents as a list; an empty one at the end (`---`) says nothing. */
function documentIn(text: string): unknown {
  const found = parsed(text);
  if (!Array.isArray(found)) return found;
  const [first, ...further] = found as unknown[];
  if (further.length === 0 || further.some((document) => document !== null))
    throw new Error("it is a list, or holds several documents");
  return first;
}

function requireMapping(document: unknown): object {
  if (typeof document === "object" && document !== null && !Array.isArray(document)) return document;
  throw new Error("it is empty, or no mapping of keys");
}

/** The parser's own words name nothing of the text. */
function parsed(text: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch (error) {
    const [reason = ""] = String(error instanceof Error ? error.message : error).split("\n");
    throw new Error(`it is no YAML: ${reason.replace(/^YAML Parse error: /, "")}`);
  }
}
