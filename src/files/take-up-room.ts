import { rmSync, writeFileSync } from "node:fs";

const BLOCK = new Uint8Array(4096);

/**
 * Makes a file of one block at a path where nothing is, and removes it before it reaches the disk: shows
 * whether there is room, and a right to it.
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
