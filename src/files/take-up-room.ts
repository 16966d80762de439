import { rmSync, writeFileSync } from "node:fs";

const BLOCK = new Uint8Array(4096);

/**
 * Checks that there is space, and the right to use it: makes a file of one block at an unused path, and
 * removes it before it reaches the disk.
 *
 * @throws Error of node:fs; nothing is left then.
 */
export function takeUpRoom(path: string): void {
  try {
    writeFileSync(path, BLOCK, { mode: 0o600 });
  } finally {
    rmSync(path, { force: true });
  }
}
