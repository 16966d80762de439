/** Kubelet tries every few seconds: a pod that did not ask for so long has stopped asking. */
const FORGET_MS = 90_000;

interface Waiting {
  readonly since: number;
  readonly seen: number;
}

/**
 * How long pods have been refused because their address is held, by this process's own observations. A pod is forgotten when it has its address, or stops asking.
 */
export class HandOverWaiting {
  /** Who was refused longest ago comes first. */
  readonly #waiting = new Map<string, Waiting>();

  /** How many pods are remembered. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @param now performance.now() milliseconds. */
  refused(pod: string, now: number): void {
    const since = this.#waiting.get(pod)?.since ?? now;
    // Whoever was refused last goes last.
    this.#waiting.delete(pod);
    this.#waiting.set(pod, { since, seen: now });
    this.#forget(now);
  }

  ended(pod: string): void {
    this.#waiting.delete(pod);
  }

  /** Seconds that the longest of them has waited; 0 where none does. */
  longest(now: number): number {
    this.#forget(now);
    return Math.max(0, ...[...this.#waiting.values()].map(({ since }) => (now - since) / 1000));
  }

  /** Also where nobody asks for the longest. */
  #forget(now: number): void {
    for (const [pod, { seen }] of this.#waiting) {
      if (now - seen <= FORGET_MS) return;
      this.#waiting.delete(pod);
    }
  }
}
