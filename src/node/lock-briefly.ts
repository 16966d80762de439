import fs from "node:fs";
import { openCreating } from "./files.ts";
import { tryLock } from "./record-lock.ts";

/**
 * Runs a short piece of synchronous work while no other process runs one under the same file.
 * Such work takes microseconds, so this waits a few milliseconds at most.
 *
 * @param work gets the locked file's descriptor, open for reading and writing.
 * @returns what the work returns, or undefined when the lock was not to be had. Throws as node:fs
 * does when the file cannot be opened, and whatever the work throws.
 */
export function lockBriefly<T>(path: string, work: (fd: number) => T): T | undefined {
  const fd = openCreating(path, fs.constants.O_RDWR | fs.constants.O_CREAT);
  try {
    for (let tries = 0; !tryLock(fd, "exclusive", { from: 0, count: 0 }); tries++) {
      if (tries >= MOST_TRIES) return undefined;
      Bun.sleepSync(PAUSE_MS);
    }
    return work(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const PAUSE_MS = 0.2;
const MOST_TRIES = 100;
