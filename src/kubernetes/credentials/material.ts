import { readFileWithin, readRegularFile } from "../../files/regular-file.ts";

/** Neither a kubeconfig nor what it names is larger, so that reading costs bounded work. */
export const MOST_BYTES = 1024 * 1024;

/** A longer path than people write may be a secret under the wrong key (`tokenFile` for `token`). */
const LONGEST_SHOWN = 255;

/**
 * A token, certificate or key: the text itself, or the path of a file that holds it and may be renewed.
 * Messages name it by `key`.
 */
export type Material = { readonly key: string } & (
  | { readonly text: string }
  | {
      readonly path: string;
      /** The file that the path leads to must lie in this folder. */
      readonly within?: string;
    }
);

/**
 * Its text as it is now: a file is read anew each time.
 *
 * @throws Error naming the key and why its file cannot be read.
 */
export function textOf(material: Material): string {
  if ("text" in material) return material.text;
  const { key, path, within } = material;
  try {
    return within === undefined
      ? readRegularFile(path, MOST_BYTES)
      : readFileWithin(within, path, MOST_BYTES);
  } catch (error) {
    throw new Error(`its ${key} cannot be read: ${reasonFor(path, error)}`);
  }
}

/** What it is called in messages: its key, with the file where one is named. */
export function labelOf(material: Material | undefined, key: string): string {
  if (material === undefined || "text" in material) return key;
  return isShown(material.path) ? `${key} ${material.path}` : key;
}

function isShown(path: string): boolean {
  return path.length <= LONGEST_SHOWN && !/[\r\n]/.test(path);
}

function reasonFor(path: string, error: unknown): string {
  if (isShown(path) && error instanceof Error) return error.message;
  return "it names no file that can be read";
}
