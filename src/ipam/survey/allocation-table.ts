import type { AddressKey } from "./address-key.ts";
import type { Names } from "./names.ts";
import { NumberTable } from "./number-table.ts";

/** What is kept of one allocation. */
export interface AllocationRow {
  /** Its attachment. */
  readonly attachment: number;
  /** What the attachment must list: this address for this request. */
  readonly part: number;
  /** Pod, and its UID; 0 where there is none. */
  readonly pod: number;
  readonly uid: number;
  /** Of another cluster: its pod is not among the pods that are known here. */
  readonly foreign: boolean;
  /** Interface of that pod; 0 without one. */
  readonly place: number;
  readonly node: string;
  /** Only the whole record shows whether anything is wrong with it. */
  readonly odd: boolean;
  /** The holders beside the first one. */
  readonly more: readonly AllocationRow[] | undefined;
}

const [FOREIGN, ODD] = [1, 2];

/** The allocations of one space: IPv4 with one holder as numbers in a table, few or large others as objects. */
export class AllocationTable {
  readonly #plain = new NumberTable(["attachment", "part", "pod", "uid", "place", "node", "flags"]);
  readonly #others = new Map<AddressKey, AllocationRow>();
  readonly #nodes: Names;

  constructor(nodes: Names) {
    this.#nodes = nodes;
  }

  get size(): number {
    return this.#plain.size + this.#others.size;
  }

  has(key: AddressKey): boolean {
    return this.#others.has(key) || (typeof key === "number" && this.#plain.find(key) !== -1);
  }

  get(key: AddressKey): AllocationRow | undefined {
    const other = this.#others.get(key);
    if (other !== undefined || typeof key !== "number") return other;
    const slot = this.#plain.find(key);
    return slot === -1 ? undefined : this.#rowAt(slot);
  }

  set(key: AddressKey, row: AllocationRow): void {
    this.delete(key);
    if (typeof key !== "number" || row.more !== undefined) return void this.#others.set(key, row);
    const slot = this.#plain.add(key);
    const { columns } = this.#plain;
    columns.attachment[slot] = row.attachment;
    columns.part[slot] = row.part;
    columns.pod[slot] = row.pod;
    columns.uid[slot] = row.uid;
    columns.place[slot] = row.place;
    columns.node[slot] = this.#nodes.replace(0, row.node);
    columns.flags[slot] = (row.foreign ? FOREIGN : 0) + (row.odd ? ODD : 0);
  }

  delete(key: AddressKey): void {
    if (this.#others.delete(key) || typeof key !== "number") return;
    const slot = this.#plain.find(key);
    if (slot === -1) return;
    this.#nodes.drop(this.#plain.columns.node[slot] ?? 0);
    this.#plain.delete(key);
  }

  *keys(): Iterable<AddressKey> {
    yield* this.#plain.keys();
    yield* this.#others.keys();
  }

  /** All rows; each is good until the next one, because one object serves for most. */
  each(visit: (key: AddressKey, row: AllocationRow) => void): void {
    const row = { ...NO_HOLDER };
    this.#plain.each((key, slot) => visit(key, this.#fill(row, slot)));
    for (const [key, other] of this.#others) visit(key, other);
  }

  /** Whether the pod of this UID is among the holders. */
  isHeldBy(key: AddressKey, pod: number, podUid: number): boolean {
    const isHolder = (row: Pick<AllocationRow, "pod" | "uid">) =>
      row.pod === pod && (row.uid === 0 || row.uid === podUid);
    const other = this.#others.get(key);
    if (other !== undefined) return rowsOf(other).some(isHolder);
    const slot = typeof key === "number" ? this.#plain.find(key) : -1;
    if (slot === -1) return false;
    const { pod: pods, uid } = this.#plain.columns;
    return pods[slot] === pod && (uid[slot] === 0 || uid[slot] === podUid);
  }

  #rowAt(slot: number): AllocationRow {
    return this.#fill({ ...NO_HOLDER }, slot);
  }

  #fill(row: { -readonly [K in keyof AllocationRow]: AllocationRow[K] }, slot: number): AllocationRow {
    const { attachment, flags, node, part, place, pod, uid } = this.#plain.columns;
    const flag = flags[slot] ?? 0;
    row.attachment = attachment[slot] ?? 0;
    row.part = part[slot] ?? 0;
    row.pod = pod[slot] ?? 0;
    row.uid = uid[slot] ?? 0;
    row.foreign = (flag & FOREIGN) !== 0;
    row.place = place[slot] ?? 0;
    row.node = this.#nodes.textOf(node[slot] ?? 0);
    row.odd = (flag & ODD) !== 0;
    row.more = undefined;
    return row;
  }
}

/** One row for each holder. */
export function rowsOf(row: AllocationRow): readonly AllocationRow[] {
  if (row === NO_HOLDER) return [];
  return row.more === undefined ? [row] : [row, ...row.more];
}

/** Of an allocation that names no holder. */
export const NO_HOLDER: AllocationRow = {
  attachment: 0,
  part: 0,
  pod: 0,
  uid: 0,
  foreign: false,
  place: 0,
  node: "",
  odd: true,
  more: [],
};
