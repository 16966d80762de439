/** What a column holds, in bytes that are counted: 8, 8, 4 or 1 for each value. */
const KINDS = {
  number: Float64Array,
  bigint: BigUint64Array,
  index: Uint32Array,
  bits: Uint8Array,
} as const;

type Kinds = typeof KINDS;
type ArrayOf<K extends keyof Kinds> = InstanceType<Kinds[K]>;
type ValueOf<K extends keyof Kinds> = K extends "bigint" ? bigint : number;

const FIRST = 1024;
/** Copies are made seldom enough, and little stays empty. */
const GROWTH = 1.5;

/** A list of numbers of one kind that grows, without an object for each. */
export class Column<K extends keyof Kinds> {
  length = 0;
  readonly #kind: K;
  #values: ArrayOf<K>;

  constructor(kind: K) {
    this.#kind = kind;
    this.#values = new KINDS[kind](FIRST) as ArrayOf<K>;
  }

  get bytes(): number {
    return this.#values.byteLength;
  }

  push(value: ValueOf<K>): void {
    if (this.length === this.#values.length) {
      const larger = new KINDS[this.#kind](Math.ceil(this.length * GROWTH)) as ArrayOf<K>;
      larger.set(this.#values as never);
      this.#values = larger;
    }
    this.#values[this.length] = value as never;
    this.length += 1;
  }

  /** @throws RangeError beyond the end. */
  at(index: number): ValueOf<K> {
    const value = index < this.length ? this.#values[index] : undefined;
    if (value === undefined) throw new RangeError(`expected an index below ${this.length}, got ${index}`);
    return value as ValueOf<K>;
  }

  set(index: number, value: ValueOf<K>): void {
    this.#values[index] = value as never;
  }
}
