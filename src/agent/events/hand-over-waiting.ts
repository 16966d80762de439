/** Kubelet tries every few seconds: a pod that did not ask for so long has stopped asking. */
const FORGET_MS = 90_000;

interface Waiting {
  readonly since: number;
  seen: number;
}

/**
 * How long pods have been refused because their address is held, by this process's own observations. A pod is forgotten when it has its address, or stops asking.
 */
export class HandOverWaiting {
  readonly #waiting = new Map<string, Waiting>();

  /** @param now performance.now() milliseconds. */
  refused(pod: string, now: number): void {
    const known = this.#waiting.get(pod);
    if (known === undefined) this.#waiting.set(pod, { since: now, seen: now });
    else known.seen = now;
  }

  ended(pod: string): void {
    this.#waiting.delete(pod);
  }

  /** Seconds that the longest of them has waited; 0 where none does. */
  longest(now: number): number {
    let longest = 0;
    for (const [pod, { since, seen }] of this.#waiting) {
      if (now - seen > FORGET_MS) this.#waiting.delete(pod);
      else longest = Math.max(longest, (now - since) / 1000);
    }
    return longest;
  }
}
