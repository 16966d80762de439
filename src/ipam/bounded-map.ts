/** Values by key, at most `limit` of them: one more drops the one that was set longest ago. */
export class BoundedMap<K, V> {
  readonly #limit: number;
  readonly #values = new Map<K, V>();
  readonly #dropped: (value: V) => void;

  /** @param dropped called with each value that makes room for another. */
  constructor(limit: number, dropped: (value: V) => void = () => undefined) {
    this.#limit = limit;
    this.#dropped = dropped;
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
    for (const [oldest, dropped] of this.#values) {
      this.#values.delete(oldest);
      this.#dropped(dropped);
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
