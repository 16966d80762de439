import type { Interval } from "../../address/interval.ts";
import type { PodId } from "../records.ts";
import type { AddressKey } from "./address-key.ts";
import { Names } from "./names.ts";
import { NumberTable } from "./number-table.ts";

/** What is kept of one pod beside its name. */
export interface PodRow {
  readonly uid: number;
  readonly node: string;
  readonly finished: boolean;
  readonly deleting: boolean;
  readonly shown: readonly AddressKey[];
  /** What its annotations name, each for itself. */
  readonly named: readonly (readonly Interval[])[];
  /** Another one when anything of this has changed. */
  readonly state: number;
}

/** What few pods have. */
type More = Pick<PodRow, "shown" | "named">;

const [FINISHED, DELETING, SHOWS, MORE] = [1, 2, 4, 8];

/** Pods by a hash of their name. Most show one IPv4 address and name none: these are numbers, and a text each. */
export class PodTable {
  readonly #table = new NumberTable(["uid", "node", "flags", "shown", "state", "namespace", "name"]);
  readonly #more = new Map<number, More>();
  readonly #nodes = new Names();
  readonly #namespaces = new Names();
  readonly #names: string[] = [];
  /** Places in `#names` that nobody uses. */
  readonly #unused: number[] = [];

  /** How many names of nodes and namespaces it keeps. */
  get namesInUse(): number {
    return this.#nodes.size + this.#namespaces.size;
  }

  get(key: number): PodRow | undefined {
    const slot = this.#table.find(key);
    return slot === -1 ? undefined : this.#fill(emptyRow(), [0], key, slot);
  }

  /** See `PodIndex`; leaves no garbage. */
  runs(key: number, podUid: number, nodeName: string): boolean {
    const slot = this.#table.find(key);
    if (slot === -1) return false;
    const { flags, node, uid } = this.#table.columns;
    if (uid[slot] !== podUid || ((flags[slot] ?? 0) & FINISHED) !== 0) return false;
    const known = this.#nodes.textOf(node[slot] ?? 0);
    return known === "" || known === nodeName;
  }

  idOf(key: number): PodId | undefined {
    const slot = this.#table.find(key);
    if (slot === -1) return undefined;
    const { name, namespace } = this.#table.columns;
    return {
      namespace: this.#namespaces.textOf(namespace[slot] ?? 0),
      name: this.#names[name[slot] ?? 0] ?? "",
    };
  }

  set(key: number, row: PodRow, { name, namespace }: PodId): void {
    const isNew = this.#table.find(key) === -1;
    const slot = this.#table.add(key);
    const { columns } = this.#table;
    if (isNew) {
      const at = this.#unused.pop() ?? this.#names.length;
      this.#names[at] = name;
      columns.name[slot] = at;
      columns.namespace[slot] = this.#namespaces.replace(0, namespace);
    }
    const [first] = row.shown;
    const isLittle = row.named.length === 0 && row.shown.length <= 1 && typeof first !== "bigint";
    if (isLittle) this.#more.delete(key);
    else this.#more.set(key, { named: row.named, shown: row.shown });
    columns.uid[slot] = row.uid;
    columns.node[slot] = this.#nodes.replace(columns.node[slot] ?? 0, row.node);
    columns.shown[slot] = isLittle && typeof first === "number" ? first : 0;
    columns.state[slot] = row.state;
    columns.flags[slot] =
      (row.finished ? FINISHED : 0) +
      (row.deleting ? DELETING : 0) +
      (isLittle ? (first === undefined ? 0 : SHOWS) : MORE);
  }

  delete(key: number): void {
    const slot = this.#table.find(key);
    if (slot === -1) return;
    const { name, namespace, node } = this.#table.columns;
    const at = name[slot] ?? 0;
    this.#namespaces.drop(namespace[slot] ?? 0);
    this.#nodes.drop(node[slot] ?? 0);
    this.#names[at] = "";
    this.#unused.push(at);
    this.#more.delete(key);
    this.#table.delete(key);
  }

  /** All rows; each is good until the next one, because one object serves for all. */
  each(visit: (key: number, row: PodRow) => void): void {
    const row = emptyRow();
    const only: AddressKey[] = [0];
    this.#table.each((key, slot) => visit(key, this.#fill(row, only, key, slot)));
  }

  #fill(row: Writable<PodRow>, only: AddressKey[], key: number, slot: number): PodRow {
    const { flags, node, shown, state, uid } = this.#table.columns;
    const flag = flags[slot] ?? 0;
    const more = (flag & MORE) === 0 ? undefined : this.#more.get(key);
    only[0] = shown[slot] ?? 0;
    row.uid = uid[slot] ?? 0;
    row.node = this.#nodes.textOf(node[slot] ?? 0);
    row.finished = (flag & FINISHED) !== 0;
    row.deleting = (flag & DELETING) !== 0;
    row.shown = more?.shown ?? ((flag & SHOWS) === 0 ? NOTHING : only);
    row.named = more?.named ?? NOTHING;
    row.state = state[slot] ?? 0;
    return row;
  }
}

const NOTHING: readonly never[] = [];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function emptyRow(): Writable<PodRow> {
  return { uid: 0, node: "", finished: false, deleting: false, shown: NOTHING, named: NOTHING, state: 0 };
}
