import { writeSync } from "node:fs";
import { IpamError } from "../ipam/errors.ts";

const STDOUT = 1;
const STDERR = 2;

/** Data, on stdout. Answers 0, so that a command can end with it. @throws IpamError io */
export function printOut(text: string): 0 {
  try {
    write(STDOUT, text);
    return 0;
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `stdout cannot be written: ${reason}`,
      "see where it leads to, and what room is there",
    );
  }
}

/** Words for people, on stderr. */
export function printErr(text: string): void {
  quietly(() => write(STDERR, text));
}

/** A part of a line, on stderr. */
export function writeRaw(text: string): void {
  quietly(() => writeBytes(STDERR, text));
}

/** What cannot be said changes nothing of what was done, and nothing of the exit code. */
function quietly(say: () => void): void {
  try {
    say();
  } catch {
    // There is nowhere else to say it.
  }
}

function write(descriptor: number, text: string): void {
  writeBytes(descriptor, text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

/** Touching process.stdout costs 17 ms. A reader that went away (`| head`) is no failure of ours. */
function writeBytes(descriptor: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSome(descriptor, bytes, written);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EPIPE") throw failure;
  }
}

/** A pipe that somebody made non-blocking may be full for a moment. */
function writeSome(descriptor: number, bytes: Uint8Array, from: number): number {
  try {
    return writeSync(descriptor, bytes, from);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EAGAIN") throw failure;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}
