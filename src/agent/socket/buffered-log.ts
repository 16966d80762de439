import { type Append, appendNow } from "../../log/plugin-log.ts";

/**
 * Log lines, written to their files together at the end of this turn of the event loop: verbs that end
 * at the same time open the log once.
 */
export class BufferedLog {
  readonly #append: Append;
  readonly #waiting = new Map<string, string>();
  #written: PromiseWithResolvers<void> | undefined;

  constructor(append: Append = appendNow) {
    this.#append = append;
  }

  readonly append: Append = (file, line) => {
    this.#waiting.set(file, (this.#waiting.get(file) ?? "") + line);
    if (this.#written !== undefined) return;
    this.#written = Promise.withResolvers();
    setImmediate(() => this.flush());
  };

  /** Resolves when all lines so far are in their files: a verb ends for its caller only then. */
  async written(): Promise<void> {
    await this.#written?.promise;
  }

  /** Everything is in its file when this returns. */
  flush(): void {
    for (const [file, lines] of this.#waiting) this.#append(file, lines);
    this.#waiting.clear();
    this.#written?.resolve();
    this.#written = undefined;
  }
}
