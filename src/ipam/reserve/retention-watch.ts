import type { Retention } from "../records.ts";

/** What a live read said of an owner. */
export type OwnerState = "present" | "gone" | "unknown";

/** Something that ends when its owner has been gone for long enough. */
export interface Retained {
  /** The same for one thing in every round. */
  readonly key: string;
  /** Of its record: a thing that was written again begins anew. */
  readonly revision: number;
  /** Seconds after the owner is gone; Infinity: never. */
  readonly seconds: number;
}

/**
 * For how long owners have been gone, by this process's own observations: two live reads, at least the
 * retention apart, that both found the owner gone, and none between them that found it there. Ages are
 * never read from a record (NO-CLOCKS), so a restart begins the count anew: longer than promised, never
 * shorter.
 */
export class RetentionWatch {
  readonly #now: () => number;
  readonly #since = new Map<string, { readonly revision: number; readonly at: number }>();

  /** @param now this process's monotonic clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes what was read just now; true when the thing may end. An answer that did not come changes nothing. */
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

  /** Forgets all that is not among these: it is in use again, or no more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key);
  }
}

/** How many seconds a reservation outlives its owner. */
export function secondsOf(retain: Retention): number {
  if (retain === "keep") return Number.POSITIVE_INFINITY;
  return typeof retain === "number" ? retain : 0;
}
