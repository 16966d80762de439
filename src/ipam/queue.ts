export interface QueueOptions {
  /** Tasks that run at once, at least 1. */
  readonly limit: number;
  /** Milliseconds after which a waiting task runs although there is no room; absent: it waits for its turn. */
  readonly patienceMs?: number;
}

/** Runs so many tasks at once; the others wait in the order in which they came. */
export class Queue {
  readonly #limit: number;
  readonly #patienceMs: number | undefined;
  /** What starts each waiting task; the first one came first. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor({ limit, patienceMs }: QueueOptions) {
    this.#limit = limit;
    this.#patienceMs = patienceMs;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs the task, at once where there is room. Settles as the task does; a failure ends its turn too. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) this.#running += 1;
    else await this.#turn();
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  /** Resolves when the caller counts as running. */
  #turn(): Promise<void> {
    return new Promise((resolve) => {
      const start = () => {
        clearTimeout(timer);
        this.#waiting.delete(start);
        this.#running += 1;
        resolve();
      };
      const timer = this.#patienceMs === undefined ? undefined : setTimeout(start, this.#patienceMs);
      this.#waiting.add(start);
    });
  }

  /** One that ran out of patience may have left more running than there is room for. */
  #startNext(): void {
    if (this.#running >= this.#limit) return;
    const [start] = this.#waiting;
    start?.();
  }
}
