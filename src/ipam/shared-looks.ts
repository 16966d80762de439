import { BoundedMap } from "./bounded-map.ts";

/** How many answers are kept. */
const KEPT = 256;

/** What a look that began at a moment has found. All looks of one key answer with one type. */
interface Seen {
  readonly begun: number;
  readonly answer: unknown;
}

/** A look that goes on. */
interface Running {
  readonly begun: number;
  readonly ended: Promise<void>;
  /** Present once it has ended well. */
  seen?: Seen;
}

/** How one caller shares looks. */
export interface Sharing<T> {
  /** Only a look that begins after this moment tells the caller what it needs. */
  readonly since: number;
  /** Whether an answer also serves those who come after the look has ended. */
  readonly lasts: (answer: T) => boolean;
  /** Waits for the end of another caller's look, at most as long as the caller itself may take. May reject. */
  readonly wait: (ended: Promise<void>) => Promise<void>;
}

/**
 * Looks at the store that ADDs of one process share, so that many who are refused at once cost it one look. Each
 * goes by a look that has begun after it has itself, as if it had looked alone: what was freed before an ADD began
 * is never overlooked.
 */
export class SharedLooks {
  readonly #running = new Map<string, Running>();
  readonly #kept = new BoundedMap<string, Seen>(KEPT);
  #moments = 0;

  /** The present moment, in the order of what happens in this process: later than all before it. */
  moment(): number {
    this.#moments += 1;
    return this.#moments;
  }

  /** Keeps what a look that began at this moment has found. */
  keep(key: string, begun: number, answer: unknown): void {
    const before = this.#kept.get(key);
    if (before === undefined || before.begun < begun) this.#kept.set(key, { begun, answer });
  }

  /** What was kept of a look that has begun after `since`. */
  recall<T>(key: string, since: number): T | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.begun > since ? (kept.answer as T) : undefined;
  }

  /** What was kept has turned out to be older than the store. */
  drop(key: string): void {
    this.#kept.delete(key);
  }

  /** The answer of a look that begins after `since`: of another caller's, else its own. Rejects as its own look, or its wait, does. */
  async share<T>(key: string, look: () => Promise<T>, sharing: Sharing<T>): Promise<T> {
    const { since, wait } = sharing;
    for (;;) {
      const known = this.recall<T>(key, since);
      if (known !== undefined) return known;
      const other = this.#running.get(key);
      if (other === undefined) return this.#run(key, look, sharing);
      await wait(other.ended);
      // The caller has no more time to wait.
      if (this.#running.get(key) === other) return look();
      if (other.begun > since && other.seen !== undefined) return other.seen.answer as T;
    }
  }

  async #run<T>(key: string, look: () => Promise<T>, { lasts }: Sharing<T>): Promise<T> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running: Running = { begun: this.moment(), ended };
    this.#running.set(key, running);
    try {
      const answer = await look();
      running.seen = { begun: running.begun, answer };
      if (lasts(answer)) this.keep(key, running.begun, answer);
      return answer;
    } finally {
      this.#running.delete(key);
      resolve();
    }
  }
}
