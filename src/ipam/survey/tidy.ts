/** Listed objects after which the garbage of their pages is collected: some ten MiB. */
const EVERY = 5_000;

/**
 * Collects what a long listing leaves behind while it goes on. Left to itself, the heap grows to several times of what
 * is kept, and much of it is never given back.
 */
export class Tidy {
  #listed = 0;

  /** One more object was listed. */
  listed(): void {
    this.#listed += 1;
    if (this.#listed % EVERY === 0) Bun.gc(true);
  }

  /** The listing has ended. */
  end(): void {
    if (this.#listed >= EVERY) Bun.gc(true);
    this.#listed = 0;
  }
}
