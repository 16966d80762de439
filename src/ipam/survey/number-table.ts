/**
 * A map from numbers to rows of numbers, in arrays without objects: a hundred thousand rows take a few MiB, and the
 * garbage collector need not look at them. A row is named by its slot, which is good until the next `add` or `delete`.
 */
export class NumberTable<C extends string> {
  /** By slot; other ones after the next `add`. */
  readonly columns: Record<C, Float64Array>;
  #keys: Float64Array;
  #size = 0;

  constructor(columns: readonly C[]) {
    this.#keys = empty(SMALLEST);
    this.columns = Object.fromEntries(columns.map((name) => [name, new Float64Array(SMALLEST)])) as Record<
      C,
      Float64Array
    >;
  }

  get size(): number {
    return this.#size;
  }

  /** The slot of a key; -1 without one. */
  find(key: number): number {
    const slot = this.#slotFor(key);
    return this.#keys[slot] === key ? slot : NONE;
  }

  /** The slot of a key, whose row is all zeros where it was not there. */
  add(key: number): number {
    const slot = this.#slotFor(key);
    if (this.#keys[slot] === key) return slot;
    if (this.#size + 1 > this.#keys.length * FULL) {
      this.#resize(this.#keys.length * 2);
      return this.add(key);
    }
    this.#keys[slot] = key;
    this.#size++;
    return slot;
  }

  /** Fills the gap with the rows behind it, so that no marks of deleted rows pile up. */
  delete(key: number): void {
    let gap = this.find(key);
    if (gap === NONE) return;
    const mask = this.#keys.length - 1;
    this.#size--;
    for (let next = (gap + 1) & mask; ; next = (next + 1) & mask) {
      const moved = this.#keys[next] ?? Number.NaN;
      if (Number.isNaN(moved)) break;
      const home = homeOf(moved, mask);
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      this.#move(next, gap);
      gap = next;
    }
    this.#keys[gap] = Number.NaN;
    for (const column of this.#all()) column[gap] = 0;
  }

  /** All keys with their slots. The table must not change meanwhile. Leaves no garbage. */
  each(visit: (key: number, slot: number) => void): void {
    const keys = this.#keys;
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] ?? Number.NaN;
      if (!Number.isNaN(key)) visit(key, slot);
    }
  }

  *keys(): Iterable<number> {
    for (const key of this.#keys) if (!Number.isNaN(key)) yield key;
  }

  #slotFor(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = homeOf(key, mask);
    for (; ; slot = (slot + 1) & mask) {
      const found = this.#keys[slot];
      if (found === key || Number.isNaN(found)) return slot;
    }
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] ?? Number.NaN;
    for (const column of this.#all()) column[to] = column[from] ?? 0;
  }

  #resize(length: number): void {
    const keys = this.#keys;
    const before = { ...this.columns };
    this.#keys = empty(length);
    for (const name of this.#names()) this.columns[name] = new Float64Array(length);
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] ?? Number.NaN;
      if (Number.isNaN(key)) continue;
      const to = this.#slotFor(key);
      this.#keys[to] = key;
      for (const name of this.#names()) this.columns[name][to] = before[name][slot] ?? 0;
    }
  }

  #names(): C[] {
    return Object.keys(this.columns) as C[];
  }

  #all(): Float64Array[] {
    return Object.values(this.columns);
  }
}

const NONE = -1;
/** Powers of two. */
const SMALLEST = 16;
const FULL = 0.8;

function empty(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

/** Addresses come in a row, hashes do not: both are spread. */
function homeOf(key: number, mask: number): number {
  const low = key | 0;
  const high = Math.floor(key / 2 ** 32) | 0;
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & mask;
}
