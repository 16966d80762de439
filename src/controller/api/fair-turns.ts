/** How many tasks run, and wait. */
export interface FairLimits {
  readonly running: number;
  readonly waiting: number;
  /** Of one user. */
  readonly waitingOfOne: number;
}

/**
 * Runs so many tasks at once. The users whose tasks wait take turns: who asks for many waits behind nobody but
 * himself, and others behind one of his.
 */
export class FairTurns {
  readonly #limits: FairLimits;
  /** What starts each waiting task, by user; the user whose turn it is comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;
  #running = 0;

  constructor(limits: FairLimits) {
    this.#limits = limits;
  }

  /** Whether another task of this user would find no place to wait. */
  isFull(user: string): boolean {
    if (this.#running < this.#limits.running) return false;
    const own = this.#waiting.get(user)?.length ?? 0;
    return this.#count >= this.#limits.waiting || own >= this.#limits.waitingOfOne;
  }

  /** Resolves when the caller's turn has come; it ends with the function that this resolves with, called once or more. */
  async take(user: string): Promise<() => void> {
    if (this.#running < this.#limits.running) this.#running += 1;
    else await this.#turn(user);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      if (!this.#startNext()) this.#running -= 1;
    };
  }

  #turn(user: string): Promise<void> {
    return new Promise((resolve) => {
      const own = this.#waiting.get(user) ?? [];
      own.push(resolve);
      this.#waiting.set(user, own);
      this.#count += 1;
    });
  }

  /** Hands the turn on. */
  #startNext(): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    const [user, own] = first;
    this.#waiting.delete(user);
    const start = own.shift();
    if (own.length > 0) this.#waiting.set(user, own);
    this.#count -= 1;
    start?.();
    return true;
  }
}
