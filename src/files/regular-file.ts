import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** What a shell makes of `<(…)`, and the ways to say stdin. */
const CALLERS_OWN = /^\/(dev\/stdin|(dev|proc\/self)\/fd\/\d+)$/;

let callersPipes = false;

/**
 * The text of a file that somebody configured. Nobody is waited for: a pipe without a writer would hold
 * up a verb, and an agent with all of its verbs, for ever (BOUNDED).
 *
 * @param mostBytes what it may have at most.
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

/** For a person's commands: a pipe of the shell's (`--kubeconfig <(…)`) is read too; ^C ends a wait. */
export function readCallersPipes(): void {
  callersPipes = true;
}

function isCallersPipe(path: string): boolean {
  return callersPipes && CALLERS_OWN.test(path);
}

/** Only what has come through a pipe shows how much it was. */
function requireAtMost(path: string, text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) > mostBytes) throw tooLarge(path, mostBytes);
  return text;
}

function tooLarge(path: string, mostBytes: number): Error {
  return new Error(`'${path}' is larger than ${mostBytes} bytes`);
}
