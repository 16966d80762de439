import type { ClusterNames } from "../cluster-names.ts";
import { clusterRelation, isUndecided } from "../cluster-relation.ts";
import { IMPORTED } from "../free/adopt.ts";
import type { AllocationRecord, AttachmentRecord, Holder, RefOf } from "../records.ts";
import { isUnknownHolder } from "../unknown-holder.ts";
import { type AddressKey, addressKey, textOf } from "./address-key.ts";
import { type AllocationRow, AllocationTable, NO_HOLDER, rowsOf } from "./allocation-table.ts";
import { Balance } from "./balance.ts";
import { nameHash, partHash, plus } from "./hash.ts";
import { Names } from "./names.ts";
import { NumberTable } from "./number-table.ts";

/** All allocations and attachments: some dozen bytes for each. */
export class AllocationIndex {
  readonly attachments = new Balance();
  readonly #names: ClusterNames | undefined;
  readonly #spaces = new Map<string, AllocationTable>();
  /** How many attachments each interface of a pod has; and, in the lower 32 bits, the sum of their parts. */
  readonly #places = new NumberTable(["known"]);
  readonly #nodes = new Names();

  constructor(names: ClusterNames | undefined) {
    this.#names = names;
  }

  spaces(): ReadonlyMap<string, AllocationTable> {
    return this.#spaces;
  }

  in(space: string): AllocationTable {
    return this.#spaces.get(space) ?? new AllocationTable(this.#nodes);
  }

  /** The allocations of an address, in all spaces. */
  *of(key: AddressKey): Iterable<AllocationRow> {
    for (const rows of this.#spaces.values()) {
      const row = rows.get(key);
      if (row !== undefined) yield row;
    }
  }

  has(key: AddressKey): boolean {
    for (const rows of this.#spaces.values()) if (rows.has(key)) return true;
    return false;
  }

  /** Whether the pod of this UID holds the address, in any space. */
  isHeldBy(key: AddressKey, pod: number, uid: number): boolean {
    for (const rows of this.#spaces.values()) if (rows.isHeldBy(key, pod, uid)) return true;
    return false;
  }

  /** Whether the interface has several attachments, as two sandboxes of one pod have. */
  isCrowded({ place }: AllocationRow): boolean {
    return this.#known(place) >= 2 * PLACE;
  }

  /** A number that changes when the holders of an allocation do, their attachments, or what else their pods have there. */
  stateOf(row: AllocationRow): number {
    return rowsOf(row).reduce((sum, { attachment, foreign, odd, part, place }) => {
      const around = this.#known(place) | 0;
      const self = plus(Math.imul(attachment | 0, 11), (foreign ? 13 : 0) + (odd ? 17 : 0));
      const known = this.attachments.isEqual(attachment) ? 0 : this.attachments.stateOf(attachment);
      return plus(sum, plus(plus(self, Math.imul(part, 7)), plus(around, Math.imul(known, 3))));
    }, row.more?.length ?? 0);
  }

  take({ address, space }: RefOf<"allocation">, record: AllocationRecord | undefined): void {
    const key = addressKey(address);
    const rows = this.in(space);
    const row = record && this.#rowOf(space, key, record);
    const before = rows.get(key);
    if (before !== undefined) this.#count(before, -1);
    if (row === undefined) rows.delete(key);
    else {
      rows.set(key, row);
      this.#count(row, 1);
    }
    if (rows.size === 0) this.#spaces.delete(space);
    else this.#spaces.set(space, rows);
  }

  takeAttachment({ id, node }: RefOf<"attachment">, record: AttachmentRecord | undefined): void {
    const key = attachmentHash(node, id);
    const sum = record?.addresses.reduce(
      (total, text) => plus(total, partOf(record.space, text, record.holder)),
      0,
    );
    this.attachments.lists(key, sum, node);
  }

  #rowOf(space: string, key: AddressKey, { holders }: AllocationRecord): AllocationRow {
    const [first, ...rest] = holders;
    if (first === undefined) return NO_HOLDER;
    const row = this.#holderRow(space, key, first);
    if (rest.length === 0) return row;
    return { ...row, odd: true, more: rest.map((holder) => this.#holderRow(space, key, holder)) };
  }

  #holderRow(space: string, key: AddressKey, holder: Holder): AllocationRow {
    const { attachment, cluster, pod, requestId } = holder;
    const { node } = holder;
    const undecided = isUndecided(cluster, this.#names);
    const names = pod === undefined ? [] : [pod.namespace, pod.name, pod.uid ?? ""];
    return {
      attachment: attachmentHash(node, attachment),
      part: partOf(space, textOf(key), holder),
      pod: pod === undefined ? 0 : podHash(pod),
      uid: pod?.uid === undefined ? 0 : nameHash(pod.uid),
      foreign: !undecided && clusterRelation(cluster, this.#names) !== "same",
      place: pod === undefined ? 0 : nameHash(node, attachment.network, attachment.ifname, ...names),
      node,
      odd:
        undecided ||
        (pod !== undefined && pod.uid === undefined) ||
        requestId.startsWith(IMPORTED) ||
        isUnknownHolder(holder),
      more: undefined,
    };
  }

  #known(place: number): number {
    const slot = this.#places.find(place);
    return slot === -1 ? 0 : (this.#places.columns.known[slot] ?? 0);
  }

  #count(row: AllocationRow, sign: 1 | -1): void {
    for (const { attachment, part, place } of rowsOf(row)) {
      const before = this.attachments.count(attachment);
      this.attachments.tell(attachment, part, sign);
      if (place === 0) continue;
      const isFirst = sign === 1 ? before === 0 : before === 1;
      const known = this.#known(place);
      const count = Math.floor(known / PLACE) + (isFirst ? sign : 0);
      if (count === 0) this.#places.delete(place);
      else {
        const slot = this.#places.add(place);
        this.#places.columns.known[slot] = count * PLACE + (plus(known | 0, sign * part) >>> 0);
      }
    }
  }
}

export function attachmentHash(node: string, { container, ifname, network }: Holder["attachment"]): number {
  return nameHash(node, network, container, ifname);
}

export function podHash({ name, namespace }: { readonly name: string; readonly namespace: string }): number {
  return nameHash(namespace, name);
}

function partOf(space: string, address: string, { requestId }: Holder): number {
  return partHash(space, address, requestId);
}

/** One attachment of an interface, beside the sum. */
const PLACE = 2 ** 32;
