import type { Retention } from "../records.ts";

/** The answer of a live read about an owner. */
export type OwnerState = "present" | "gone" | "unknown";

/** A reservation or owner's record that ends when its owner has been gone for long enough. */
export interface Retained {
  /** The same in every round. */
  readonly key: string;
  /** Revision of its record. A new revision starts the count again. */
  readonly revision: number;
  /** Seconds after the owner is gone; Infinity: never. */
  readonly seconds: number;
}

/**
 * Measures how long owners have been gone, by this process's own reads: two live reads, at least the
 * retention apart, found the owner gone, and none between them found it. Never reads an age from a
 * record (NO-CLOCKS). So a restart starts the count again: a reservation may last longer than promised,
 * never shorter.
 */
export class RetentionWatch {
  readonly #now: () => number;
  readonly #since = new Map<string, { readonly revision: number; readonly at: number }>();

  /** @param now this process's monotonic clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes the owner's state of now. True when the item may end. "unknown" changes nothing. */
  observe({ key, revision, seconds }: Retained, state: OwnerState): boolean {
    if (state === "unknown") return false;
    if (state === "present") {
      this.#since.delete(key);
      return false;
    }
    const seen = this.#since.get(key);
    if (seen?.revision === revision) return this.#now() - seen.at >= seconds * 1000;
    this.#since.set(key, { revision, at: this.#now() });
    return false;
  }

  /** Forgets all other keys: those items are in use again, or no longer exist. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key);
  }
}

/** How many seconds a reservation outlives its owner; Infinity for "keep". */
export function secondsOf(retain: Retention): number {
  if (retain === "keep") return Number.POSITIVE_INFINITY;
  return typeof retain === "number" ? retain : 0;
}
