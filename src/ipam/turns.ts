/** Longest time one waits for its turn, in milliseconds: turns save work, nothing depends on them. */
const PATIENCE_MS = 2_000;

/**
 * Lets work of one key go one after the other, in the order in which it came, where a process does
 * much of it at once: what would only lose against each other's guards need not be tried.
 */
export class Turns {
  /** For each key, what ends when the last in its line has ended. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #patience: number;

  constructor(patience = PATIENCE_MS) {
    this.#patience = patience;
  }

  /** Runs the work when its turn has come, or when it has waited for long enough. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const line = before === undefined ? ended : Promise.all([before, ended]).then(() => undefined);
    this.#last.set(key, line);
    if (before !== undefined) await withPatience(before, this.#patience);
    try {
      return await work();
    } finally {
      end();
      if (this.#last.get(key) === line) this.#last.delete(key);
    }
  }
}

async function withPatience(turn: Promise<void>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([turn, enough]);
  clearTimeout(timer);
}
