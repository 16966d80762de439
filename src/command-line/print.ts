import { writeSync } from "node:fs";
import { visible, visibleLine } from "../address/visible.ts";
import { IpamError } from "../ipam/errors.ts";

const STDOUT = 1;
const STDERR = 2;

/** Prints data on stdout. Returns the exit code 0, so that a command can end with it. @throws IpamError io */
export function printOut(text: string): 0 {
  printPart(closed(text));
  return 0;
}

/** Prints a part of what goes to stdout, as it is. @returns false where nobody reads any more. @throws IpamError io */
export function printPart(text: string): boolean {
  try {
    return writeBytes(STDOUT, text);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `stdout cannot be written: ${reason}`,
      "check where stdout leads, and that there is space",
    );
  }
}

/** Prints one line for people on stderr, whatever stands in it, and nothing that acts on their terminal. Never throws. */
export function printErr(line: string): void {
  quietly(() => writeBytes(STDERR, closed(visibleLine(line))));
}

/** The same for a text of our own, of several lines. Never throws. */
export function printErrText(text: string): void {
  quietly(() => writeBytes(STDERR, closed(visible(text))));
}

/** Writes a part of a line to stderr. Never throws. */
export function writeRaw(text: string): void {
  quietly(() => writeBytes(STDERR, text));
}

/** A message that cannot be printed changes neither the command's work nor its exit code. */
function quietly(say: () => void): void {
  try {
    say();
  } catch {
    // There is nowhere else to report it.
  }
}

function closed(text: string): string {
  return text.endsWith("\n") || text === "" ? text : `${text}\n`;
}

/** Touching process.stdout costs 17 ms. A reader that closed the pipe (`| head`) is not a failure: false. */
function writeBytes(descriptor: number, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSome(descriptor, bytes, written);
    return true;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EPIPE") throw failure;
    return false;
  }
}

/** A pipe that another process made non-blocking may be full for a moment. */
function writeSome(descriptor: number, bytes: Uint8Array, from: number): number {
  try {
    return writeSync(descriptor, bytes, from);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EAGAIN") throw failure;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}
