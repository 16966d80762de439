import { closeSync, constants, fstatSync, openSync, readlinkSync, statSync } from "node:fs";

/**
 * Opens a configured file to read it, and nothing else: a pipe without a writer would block a verb for ever
 * (BOUNDED), and some devices do something once they are opened.
 *
 * @returns a descriptor; the caller closes it.
 * @throws Error of node:fs, or that it is not a regular file.
 */
export function openFile(path: string): number {
  if (isSomethingElse(path)) throw notRegular(path);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notRegular(path);
}

/** What cannot be looked at cannot be opened either, and opening it says why. */
function isSomethingElse(path: string): boolean {
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of what was opened, without links, whatever leads there by now. */
export function realPathOf(descriptor: number): string {
  return readlinkSync(`/proc/self/fd/${descriptor}`);
}

function notRegular(path: string): Error {
  return new Error(`'${path}' is not a regular file`);
}
