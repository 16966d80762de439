import fs from "node:fs";
import { openCreating } from "./files.ts";
import { tryLock } from "./record-lock.ts";

/**
 * Runs a short piece of synchronous work under the lock of a file. Such work takes microseconds, so this
 * blocks for a moment only; for 100 ms at most, where another process was stopped during its own.
 *
 * @param work gets the locked file's descriptor, open for reading and writing.
 * @returns what the work returns, or undefined where the lock stayed taken. Throws as node:fs
 * does when the file cannot be opened, and whatever the work throws.
 */
export function lockBriefly<T>(path: string, work: (fd: number) => T): T | undefined {
  const fd = openCreating(path, fs.constants.O_RDWR | fs.constants.O_CREAT);
  try {
    return acquire(fd) ? work(fd) : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

const PATIENCE_MS = 100;
const LONGEST_PAUSE_MS = 1;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

function acquire(fd: number): boolean {
  const until = performance.now() + PATIENCE_MS;
  for (let pause = 0.1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (tryLock(fd, "exclusive", { from: 0, count: 0 })) return true;
    if (performance.now() >= until) return false;
    // Unlike Bun.sleepSync, this can wait for less than a millisecond.
    Atomics.wait(NEVER_WOKEN, 0, 0, pause);
  }
}
