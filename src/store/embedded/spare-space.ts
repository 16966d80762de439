import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";

/** Enough for a few transactions that only delete: pages of the log, its index, one more page of the file. */
const BYTES = 256 * 1024;
const BLOCK = 4096;

/**
 * A file that only keeps space in reserve. To free an address takes a little space too; on a full disk this
 * file gives it, so that pods can still end.
 */
export class SpareSpace {
  readonly #file: string;

  constructor(storeFile: string) {
    this.#file = `${storeFile}-spare`;
  }

  /** Frees the space; false where there was none. */
  give(): boolean {
    const had = this.#size() > 0;
    rmSync(this.#file, { force: true });
    return had;
  }

  /** Takes the space again, as much as there is, before other programs fill it. Never throws. */
  keep(): void {
    const size = this.#size();
    if (size >= BYTES) return;
    try {
      append(this.#file, size);
    } catch {
      // A full or read-only disk has none to keep.
    }
  }

  #size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Writes block by block, to keep what fits. */
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
