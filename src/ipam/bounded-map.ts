/** Values by key, at most `limit` of them: one more drops the one that was set longest ago. */
export class BoundedMap<K, V> {
  readonly #limit: number;
  readonly #values = new Map<K, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** A key that is set again is the newest. */
  set(key: K, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#limit) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  /** Gives a known key another value, and leaves its age. */
  replace(key: K, value: V): void {
    if (this.#values.has(key)) this.#values.set(key, value);
  }

  /** The one that was set longest ago first. */
  entries(): IterableIterator<[K, V]> {
    return this.#values.entries();
  }

  delete(key: K): void {
    this.#values.delete(key);
  }
}
