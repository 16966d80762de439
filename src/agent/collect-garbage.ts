const EVERY_MS = 3_000;
/** After so many verbs a pause of some 30 ms is worth it, also where it is never quiet. */
const MANY = 3_000;
/** What fewer verbs needed is not worth it. */
const FEW = 32;

/** Decides, every few seconds, whether this is the moment to collect garbage. */
export class QuietMoment {
  #collected: number;
  #before: number;

  /** @param served how many verbs were served so far. */
  constructor(served: number) {
    this.#collected = this.#before = served;
  }

  /**
   * Whether to collect now: after some verbs, once none has ended since the last look and none is under way; in a burst
   * of pods every pause is one that they wait for, and the processor is what they lack. After many, also in a burst.
   */
  isNow(served: number, busy: number): boolean {
    const news = served - this.#collected;
    const isQuiet = busy === 0 && served === this.#before;
    this.#before = served;
    if (news < MANY && !(isQuiet && news >= FEW)) return false;
    this.#collected = served;
    return true;
  }
}

/**
 * Gives back, in a quiet moment or after many verbs, the memory that many verbs needed: by itself the
 * engine keeps what it once had.
 *
 * @param served how many verbs were served so far.
 * @param busy how many are under way.
 * @returns ends it.
 */
export function collectGarbageWhenQuiet(served: () => number, busy: () => number): () => void {
  const moment = new QuietMoment(served());
  const timer = setInterval(() => {
    if (moment.isNow(served(), busy())) Bun.gc(true);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
