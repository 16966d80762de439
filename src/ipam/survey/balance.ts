import { plus } from "./hash.ts";
import { Names } from "./names.ts";
import { NumberTable } from "./number-table.ts";

/**
 * Compares two kinds of record that must say the same (an attachment and the allocations of its addresses, an owner
 * and its reservations) by a sum for each: what differs is known at once, and what agrees costs a few bytes.
 *
 * `lists` is what the record itself lists, where it is `present`, under a `node`; `told` what others say of it, and
 * `count` how many of them.
 */
export class Balance {
  readonly #accounts = new NumberTable(["lists", "told", "count", "present", "node"]);
  readonly #unequal = new Set<number>();
  readonly #nodes = new Names();

  /** How many addresses others say are its. */
  count(key: number): number {
    return this.#get(key, "count");
  }

  isEqual(key: number): boolean {
    return !this.#unequal.has(key);
  }

  /** Those that differ, each with its state. */
  *unequal(): Iterable<[key: number, state: number]> {
    for (const key of this.#unequal) yield [key, this.stateOf(key)];
  }

  /** A number that changes when what is listed or told does. */
  stateOf(key: number): number {
    return plus(Math.imul(this.#get(key, "lists"), 31), this.#get(key, "told"));
  }

  /** Under which node the record is, where it has one. */
  nodeOf(key: number): string {
    return this.#nodes.textOf(this.#get(key, "node"));
  }

  /** The record lists this; undefined: there is none. */
  lists(key: number, sum: number | undefined, node = ""): void {
    const { columns } = this.#accounts;
    const slot = this.#accounts.add(key);
    columns.lists[slot] = sum ?? 0;
    columns.present[slot] = sum === undefined ? 0 : 1;
    columns.node[slot] = this.#nodes.replace(columns.node[slot] ?? 0, node);
    this.#settle(key, slot);
  }

  /** Another record says this of it, or says it no more. */
  tell(key: number, part: number, sign: 1 | -1): void {
    const { columns } = this.#accounts;
    const slot = this.#accounts.add(key);
    columns.told[slot] = plus(columns.told[slot] ?? 0, sign * part);
    columns.count[slot] = (columns.count[slot] ?? 0) + sign;
    this.#settle(key, slot);
  }

  #get(key: number, column: "lists" | "told" | "count" | "node"): number {
    const slot = this.#accounts.find(key);
    return slot === -1 ? 0 : (this.#accounts.columns[column][slot] ?? 0);
  }

  #settle(key: number, slot: number): void {
    const { count, lists, node, present, told } = this.#accounts.columns;
    if (lists[slot] === told[slot]) this.#unequal.delete(key);
    else this.#unequal.add(key);
    if (present[slot] !== 0 || count[slot] !== 0) return;
    this.#nodes.drop(node[slot] ?? 0);
    this.#accounts.delete(key);
  }
}
