import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

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
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new Error(`'${path}' is not a regular file`);
    if (found.size > mostBytes) throw tooLarge(path, mostBytes);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

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
