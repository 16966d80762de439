import { writeSync } from "node:fs";

const STDOUT = 1;
const STDERR = 2;

/** Data, on stdout. Answers 0, so that a command can end with it. */
export function printOut(text: string): 0 {
  write(STDOUT, text);
  return 0;
}

/** Words for people, on stderr. */
export function printErr(text: string): void {
  write(STDERR, text);
}

/** A part of a line, on stderr. */
export function writeRaw(text: string): void {
  writeBytes(STDERR, text);
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
