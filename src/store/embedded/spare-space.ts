import { existsSync, rmSync, writeFileSync } from "node:fs";

/** What a few transactions that only delete need: pages of the log, its index, one more of the file. */
const BYTES = 256 * 1024;

/**
 * A file that only takes up space. Giving an address back needs a little space too; on a full disk
 * this file makes room for it, so that pods can still end.
 */
export class SpareSpace {
  readonly #file: string;

  constructor(storeFile: string) {
    this.#file = `${storeFile}-spare`;
  }

  /** Makes room; false when that was done before. */
  give(): boolean {
    if (!existsSync(this.#file)) return false;
    rmSync(this.#file, { force: true });
    return true;
  }

  /** Takes the space up again, where it is free. Never throws: a disk may do without. */
  keep(): void {
    if (existsSync(this.#file)) return;
    try {
      writeFileSync(this.#file, new Uint8Array(BYTES), { mode: 0o600 });
    } catch {
      rmSync(this.#file, { force: true });
    }
  }
}
