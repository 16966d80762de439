import { closeSync, fstatSync, readFileSync } from "node:fs";
import { openFile, realPathOf } from "./open-file.ts";
import { isOthersPlace } from "./others-places.ts";

/** Longer than a password that somebody made, shorter than a token or a key. */
const MOST_BYTES = 256;

/**
 * Reads a password from a file that somebody without rights on this node has named, and that is sent to a
 * server that the same one has named: it must look like a password, or root would hand out keys and tokens.
 *
 * @throws Error of node:fs, or why it is no password, without its content.
 */
export function readSmallSecret(path: string): string {
  const descriptor = openFile(path);
  try {
    if (isOthersPlace(realPathOf(descriptor)))
      throw new Error(`'${path}' is where containers and the kernel have their files; ${REMEDY}`);
    const text = fstatSync(descriptor).size > MOST_BYTES ? "\n\n" : readFileSync(descriptor, "utf8");
    const secret = text.replace(/\r?\n$/, "");
    if (/[\r\n]/.test(secret)) throw new Error(`'${path}' holds more than a password of one line; ${REMEDY}`);
    return secret;
  } finally {
    closeSync(descriptor);
  }
}

const REMEDY = "only the node's file may name such a file";
