import { Queue } from "./queue.ts";

/** Longest wait for a turn, in milliseconds. Turns only save work; nothing depends on them. */
const PATIENCE_MS = 2_000;

/**
 * Runs work of the same key one after the other, in the order in which it came. For work of one
 * process whose transactions would only lose against each other.
 */
export class Turns {
  /** Of the keys that have work now. */
  readonly #queues = new Map<string, Queue>();
  readonly #patienceMs: number;

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Runs the work when its turn has come, or after PATIENCE_MS at the latest. Rejects only as the work
   * does.
   */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new Queue({ limit: 1, patienceMs: this.#patienceMs });
    this.#queues.set(key, queue);
    try {
      return await queue.run(work);
    } finally {
      const idle = queue.running + queue.waiting === 0;
      if (idle && this.#queues.get(key) === queue) this.#queues.delete(key);
    }
  }
}
