import { type Append, appendNow } from "../log/plugin-log.ts";

/**
 * Lines for files, written together once all that is ready to run has run: verbs that end at the same
 * time cost one opening of the log.
 */
export class LateLines {
  readonly #append: Append;
  readonly #waiting = new Map<string, string>();
  #begun = false;

  constructor(append: Append = appendNow) {
    this.#append = append;
  }

  readonly append: Append = (file, line) => {
    this.#waiting.set(file, (this.#waiting.get(file) ?? "") + line);
    if (this.#begun) return;
    this.#begun = true;
    setImmediate(() => this.flush());
  };

  /** Everything is in its file when this returns. */
  flush(): void {
    this.#begun = false;
    for (const [file, lines] of this.#waiting) this.#append(file, lines);
    this.#waiting.clear();
  }
}
