const FIRST_SLOTS = 1024;
/** No fingerprint is below 0. */
const EMPTY = -1;
/** Above, lookups meet too many others on their way. */
const FULLEST = 0.7;

/** Maps fingerprints to numbers below 2^32, in 12 bytes a slot: 17 to 34 for each that it has. */
export class CompactTable {
  size = 0;
  #keys = emptyKeys(FIRST_SLOTS);
  #values = new Uint32Array(FIRST_SLOTS);

  get bytes(): number {
    return this.#keys.byteLength + this.#values.byteLength;
  }

  get(key: number): number | undefined {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === key ? this.#values[slot] : undefined;
  }

  set(key: number, value: number): void {
    const slot = this.#slotOf(key);
    this.#values[slot] = value;
    if (this.#keys[slot] === key) return;
    this.#keys[slot] = key;
    this.size += 1;
    if (this.size > this.#keys.length * FULLEST) this.#grow();
  }

  /** Where the key is, or would be. */
  #slotOf(key: number): number {
    const last = this.#keys.length - 1;
    let slot = key & last;
    for (;;) {
      const found = this.#keys[slot] ?? EMPTY;
      if (found === key || found === EMPTY) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = emptyKeys(keys.length * 2);
    this.#values = new Uint32Array(keys.length * 2);
    keys.forEach((key, slot) => {
      if (key === EMPTY) return;
      const to = this.#slotOf(key);
      this.#keys[to] = key;
      this.#values[to] = values[slot] ?? 0;
    });
  }
}

function emptyKeys(slots: number): Float64Array {
  return new Float64Array(slots).fill(EMPTY);
}
