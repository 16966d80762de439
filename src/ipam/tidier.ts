/** So many items make some 25 MB of garbage. */
const EVERY = 5_000;

/**
 * Collects garbage while very many items are read and let go: by itself the engine waits until there is as much of it as
 * of what lives, and twice that for what lies outside of its heap, and much of it is never given back. Costs some ten
 * milliseconds each time; nothing for fewer items.
 */
export class Tidier {
  #count = 0;

  /** Another item was read. */
  next(): void {
    this.#count += 1;
    if (this.#count % EVERY === 0) Bun.gc(true);
  }

  /** All were read, and others may follow later. */
  end(): void {
    if (this.#count >= EVERY) Bun.gc(true);
    this.#count = 0;
  }
}
