import { closeSync, fstatSync, readFileSync, readSync, realpathSync } from "node:fs";
import { openFile, realPathOf } from "./open-file.ts";

/** What a shell makes of `<(…)`, and the ways to say stdin. */
const CALLERS_OWN = /^\/(dev\/stdin|(dev|proc\/self)\/fd\/\d+)$/;

let callersPipes = false;

/**
 * Reads a configured file, and refuses a pipe: one without a writer would block a verb, and an agent with
 * all its verbs, for ever (BOUNDED).
 *
 * @param mostBytes refuse a larger file.
 * @throws Error of node:fs, or that it is not a regular file, or too large.
 */
export function readRegularFile(path: string, mostBytes = Number.POSITIVE_INFINITY): string {
  if (isCallersPipe(path)) return requireAtMost(path, readFileSync(path, "utf8"), mostBytes);
  return readRegularBytes(path, mostBytes).toString("utf8");
}

/** The bytes of a file, as `readRegularFile`, which see; also of one that is not UTF-8. @throws as that */
export function readRegularBytes(path: string, mostBytes = Number.POSITIVE_INFINITY): Buffer {
  return readOpened(path, mostBytes, () => undefined);
}

/**
 * As readRegularFile, for a file that must lie in a folder, links followed.
 *
 * @throws as readRegularFile, or that it lies elsewhere.
 */
export function readFileWithin(folder: string, path: string, mostBytes: number): string {
  const bytes = readOpened(path, mostBytes, (descriptor) => {
    if (!realPathOf(descriptor).startsWith(`${realpathSync.native(folder)}/`))
      throw new Error(`'${path}' lies outside of ${folder}`);
  });
  return bytes.toString("utf8");
}

function readOpened(path: string, mostBytes: number, check: (descriptor: number) => void): Buffer {
  const descriptor = openFile(path);
  try {
    if (fstatSync(descriptor).size > mostBytes) throw tooLarge(path, mostBytes);
    check(descriptor);
    return Number.isFinite(mostBytes) ? readAtMost(descriptor, path, mostBytes) : readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A file of the kernel says that it is empty, and one may grow while it is read. */
function readAtMost(descriptor: number, path: string, mostBytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let total = 0; ; ) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, mostBytes + 1 - total));
    const count = readSync(descriptor, part);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    total += count;
    if (total > mostBytes) throw tooLarge(path, mostBytes);
  }
}

const CHUNK_BYTES = 64 * 1024;

/** From now on, pipes of the shell (`--kubeconfig <(…)`) are read too: for commands, where ^C ends a wait. */
export function readCallersPipes(): void {
  callersPipes = true;
}

function isCallersPipe(path: string): boolean {
  return callersPipes && CALLERS_OWN.test(path);
}

/** The size of a pipe's content is only known once it has been read. */
function requireAtMost(path: string, text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) > mostBytes) throw tooLarge(path, mostBytes);
  return text;
}

function tooLarge(path: string, mostBytes: number): Error {
  return new Error(`'${path}' is larger than ${mostBytes} bytes`);
}
