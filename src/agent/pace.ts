import type { Identity } from "./warm/identity-watch.ts";

/** Shortest and longest of a time, in its parts: agents that begin together do not go on in step. */
const SPREAD = [0.75, 1.25] as const;

/** How often something is done that needs a trip to the store, in milliseconds. */
export interface Times {
  /** Never sooner after the last time. */
  readonly restMs: number;
  /** About so often where there is no reason to: `Pace.due`. */
  readonly quietMs: number;
}

/**
 * When a trip to the store is worth it, which a thousand agents would make as well. While the watch of the store's
 * identity stands and tells nothing new, and the last time left nothing open, seldom; else each time.
 */
export class Pace {
  readonly #times: Times;
  readonly #now: () => number;
  #begun = Number.NEGATIVE_INFINITY;
  #quietMs = 0;
  #news: number | undefined;
  #quiet = false;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(times: Times, now = () => performance.now()) {
    this.#times = times;
    this.#now = now;
  }

  /** @param identity undefined for a store whose identity nobody watches. */
  due(identity: Identity | undefined): boolean {
    const since = this.#now() - this.#begun;
    if (since < this.#times.restMs) return false;
    const isTold = identity?.stands === true && identity.news === this.#news;
    return !(isTold && this.#quiet) || since >= this.#quietMs;
  }

  /** It is done now. What is told from here on is news; where it fails, it is due again. */
  begin(identity: Identity | undefined): void {
    const [least, most] = SPREAD;
    this.#begun = this.#now();
    this.#quietMs = this.#times.quietMs * (least + Math.random() * (most - least));
    this.#news = identity?.news;
    this.#quiet = false;
  }

  /** It is done, and has left nothing open. */
  end(): void {
    this.#quiet = true;
  }
}
