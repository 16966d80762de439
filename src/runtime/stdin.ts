import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { IpamError } from "../ipam/errors.ts";

const STDIN = 0;
const PAUSE_MS = 5;

/**
 * All of stdin.
 *
 * @throws IpamError io.
 */
export function readStdin(): string {
  try {
    return readFileSync(STDIN, "utf8");
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `stdin cannot be read: ${reason}`,
      "the network configuration is expected there",
    );
  }
}

/**
 * What arrives on stdin until it ends or `patienceMs` passed: for VERSION, which some ask on a
 * stdin that never ends. "" where stdin cannot be read without waiting.
 */
export function readStdinBriefly(patienceMs: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(`/proc/self/fd/${STDIN}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return "";
  }
  try {
    return readUntil(descriptor, performance.now() + patienceMs);
  } finally {
    closeSync(descriptor);
  }
}

function readUntil(descriptor: number, end: number): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let text = "";
  while (performance.now() < end) {
    const count = readNow(descriptor, buffer);
    if (count === 0) break;
    if (count === undefined) Atomics.wait(sleeper, 0, 0, PAUSE_MS);
    else text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

/** Bytes read; 0 at the end; undefined when there are none yet. */
function readNow(descriptor: number, buffer: Uint8Array): number | undefined {
  try {
    return readSync(descriptor, buffer);
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === "EAGAIN" ? undefined : 0;
  }
}
