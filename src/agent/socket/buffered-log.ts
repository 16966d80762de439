import { type Append, appendNow } from "../../log/plugin-log.ts";
import { rotateLarge } from "../../log/rotate-large.ts";

interface Waiting {
  readonly lines: string;
  readonly isNetworks: boolean;
}

/**
 * Log lines, written to their files together at the end of this turn of the event loop: verbs that end
 * at the same time open the log once. A log of the node's administrator that has grown large is put aside.
 */
export class BufferedLog {
  readonly #append: Append;
  readonly #waiting = new Map<string, Waiting>();
  /** The logs that this node's administrator chose; another one may be anybody's file. */
  readonly #ours = new Set<string>();
  #written: PromiseWithResolvers<void> | undefined;

  constructor(append: Append = appendNow) {
    this.#append = append;
  }

  readonly append: Append = (file, line, isNetworks = false) => {
    const lines = (this.#waiting.get(file)?.lines ?? "") + line;
    this.#waiting.set(file, { lines, isNetworks });
    if (this.#written !== undefined) return;
    this.#written = Promise.withResolvers();
    setImmediate(() => this.flush());
  };

  /** From now on, puts this log aside when it has grown large. */
  keepSmall(file: string): void {
    this.#ours.add(file);
  }

  /** Resolves when all lines so far are in their files: a verb ends for its caller only then. */
  async written(): Promise<void> {
    await this.#written?.promise;
  }

  /** Everything is in its file when this returns. */
  flush(): void {
    for (const [file, { isNetworks, lines }] of this.#waiting) {
      this.#append(file, lines, isNetworks);
      if (this.#ours.has(file)) rotateLarge(file);
    }
    this.#waiting.clear();
    this.#written?.resolve();
    this.#written = undefined;
  }
}
