/** Longest wait for a turn, in milliseconds. Turns only save work; nothing depends on them. */
const PATIENCE_MS = 2_000;

/**
 * Runs work of the same key one after the other, in the order in which it came. For work of one
 * process whose transactions would only lose against each other.
 */
export class Turns {
  /** For each key, a promise that settles when the last work in its queue has ended. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #patience: number;

  constructor(patience = PATIENCE_MS) {
    this.#patience = patience;
  }

  /**
   * Runs the work when its turn has come, or after PATIENCE_MS at the latest. Rejects only as the work
   * does.
   */
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
