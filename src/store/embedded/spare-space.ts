import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";

/** What a few transactions that only delete need: pages of the log, its index, one more of the file. */
const BYTES = 256 * 1024;
const BLOCK = 4096;

/**
 * A file that only takes up space. Giving an address back needs a little space too; on a full disk
 * this file makes room for it, so that pods can still end.
 */
export class SpareSpace {
  readonly #file: string;

  constructor(storeFile: string) {
    this.#file = `${storeFile}-spare`;
  }

  /** Makes room; false when there is nothing to give. */
  give(): boolean {
    const had = this.#size() > 0;
    rmSync(this.#file, { force: true });
    return had;
  }

  /** Takes up space again, as much as there is: others wait to fill what was given. Never throws. */
  keep(): void {
    const size = this.#size();
    if (size >= BYTES) return;
    try {
      append(this.#file, size);
    } catch {
      // A disk that is full or read-only does without.
    }
  }

  #size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Block by block, so that what fits is kept. */
function append(file: string, from: number): void {
  const descriptor = openSync(file, "a", 0o600);
  let size = from;
  try {
    for (; size < BYTES; size += BLOCK) writeSync(descriptor, new Uint8Array(BLOCK));
  } finally {
    // Where a block was cut short.
    if (size < BYTES) ftruncateSync(descriptor, size);
    closeSync(descriptor);
  }
}
