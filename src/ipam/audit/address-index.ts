import type { Address } from "../../address/address.ts";
import { Column } from "./columns.ts";
import { CompactTable } from "./compact-table.ts";
import { fingerprint } from "./fingerprint.ts";

const END = 2 ** 32 - 1;
const LOW = 2n ** 64n - 1n;

/** Addresses in address spaces, numbered in the order in which they come: some 60 bytes for each. */
export class AddressIndex {
  /** The first index of an address, in whatever space. */
  readonly #first = new CompactTable();
  /** The next index of the same address; END for none. */
  readonly #next = new Column("index");
  readonly #high = new Column("bigint");
  readonly #low = new Column("bigint");
  readonly #families = new Column("bits");
  readonly #spaceOf = new Column("index");
  readonly #spaces: string[] = [];
  readonly #spaceIndex = new Map<string, number>();

  get size(): number {
    return this.#next.length;
  }

  get bytes(): number {
    const columns = [this.#first, this.#next, this.#high, this.#low, this.#families, this.#spaceOf];
    return columns.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** @returns its index. */
  add(space: string, address: Address, text: string): number {
    const index = this.size;
    const key = fingerprint(text);
    const before = this.#first.get(key);
    if (before === undefined) this.#first.set(key, index);
    else this.#next.set(this.#lastOf(before), index);
    this.#next.push(END);
    this.#high.push(address.value >> 64n);
    this.#low.push(address.value & LOW);
    this.#families.push(address.family);
    this.#spaceOf.push(this.#indexOf(space));
    return index;
  }

  /** The indexes of one address, in all spaces. */
  at(text: string): number[] {
    const found: number[] = [];
    for (let index = this.#first.get(fingerprint(text)) ?? END; index !== END; index = this.#next.at(index))
      found.push(index);
    return found;
  }

  in(space: string, text: string): number | undefined {
    return this.at(text).find((index) => this.space(index) === space);
  }

  space(index: number): string {
    return this.#spaces[this.#spaceOf.at(index)] ?? "";
  }

  address(index: number): Address {
    const family = this.#families.at(index) === 4 ? 4 : 6;
    return { family, value: (this.#high.at(index) << 64n) | this.#low.at(index) };
  }

  *indexes(): Generator<number> {
    for (let index = 0; index < this.size; index++) yield index;
  }

  #indexOf(space: string): number {
    const known = this.#spaceIndex.get(space) ?? this.#spaces.push(space) - 1;
    this.#spaceIndex.set(space, known);
    return known;
  }

  #lastOf(first: number): number {
    let last = first;
    for (let next = this.#next.at(last); next !== END; next = this.#next.at(next)) last = next;
    return last;
  }
}
