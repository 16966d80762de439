import type { ClusterNames } from "../cluster-names.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import {
  type OwnerRecord,
  RECORD_VERSION,
  type RefOf,
  type ReservationRecord,
  SHARE_KIND,
} from "../records.ts";
import { type AddressKey, addressKey, textOf } from "./address-key.ts";
import { Balance } from "./balance.ts";
import { nameHash, partHash, plus } from "./hash.ts";

/** What is kept of one reservation. */
interface ReservationRow {
  readonly owner: number;
  /** It may end by itself some day, once nobody holds the address. */
  readonly ends: boolean;
}

interface OwnerRow {
  readonly ref: RefOf<"owner">;
  /** It holds nothing: it ends with its owner. */
  readonly empty: boolean;
}

/** All reservations and the records of their owners. */
export class ReservationIndex {
  readonly balance = new Balance();
  readonly #names: ClusterNames | undefined;
  readonly #spaces = new Map<string, Map<AddressKey, ReservationRow>>();
  readonly #owners = new Map<AddressKey, OwnerRow>();

  constructor(names: ClusterNames | undefined) {
    this.#names = names;
  }

  spaces(): ReadonlyMap<string, unknown> {
    return this.#spaces;
  }

  in(space: string): ReadonlyMap<AddressKey, unknown> {
    return this.#spaces.get(space) ?? NONE;
  }

  owner(key: AddressKey): RefOf<"owner"> | undefined {
    return this.#owners.get(key)?.ref;
  }

  *emptyOwners(): Iterable<RefOf<"owner">> {
    for (const { empty, ref } of this.#owners.values()) if (empty) yield ref;
  }

  /** Where these owners have reservations. */
  *of(owners: ReadonlySet<AddressKey>): Iterable<{ owner: AddressKey; space: string; key: AddressKey }> {
    for (const [space, rows] of this.#spaces)
      for (const [key, { owner }] of rows) if (owners.has(owner)) yield { owner, space, key };
  }

  /** Those that may end by themselves. */
  *ending(): Iterable<{ space: string; key: AddressKey }> {
    for (const [space, rows] of this.#spaces)
      for (const [key, { ends }] of rows) if (ends) yield { space, key };
  }

  take({ address, space }: RefOf<"reservation">, record: ReservationRecord | undefined): void {
    const key = addressKey(address);
    const rows = this.#spaces.get(space) ?? new Map<AddressKey, ReservationRow>();
    const before = rows.get(key);
    const part = partHash(textOf(key));
    const row = record && { owner: ownerHash(space, record.owner), ends: this.#ends(record) };
    if (before !== undefined) this.balance.tell(before.owner, part, -1);
    if (row === undefined) rows.delete(key);
    else {
      rows.set(key, row);
      this.balance.tell(row.owner, part, 1);
    }
    if (rows.size === 0) this.#spaces.delete(space);
    else this.#spaces.set(space, rows);
  }

  takeOwner(ref: RefOf<"owner">, record: OwnerRecord | undefined): void {
    const key = ownerHash(ref.space, ref.owner);
    if (record === undefined) this.#owners.delete(key);
    else {
      const empty = record.addresses.length === 0 && record.version <= RECORD_VERSION;
      this.#owners.set(key, { ref, empty });
    }
    // A namespace's share of a pool reserves nothing.
    const listed = record?.owner.kind === SHARE_KIND ? [] : record?.addresses;
    const sum = listed?.reduce((total, text) => plus(total, partHash(text)), 0);
    this.balance.lists(key, sum);
  }

  #ends({ cluster, kind, retain, version }: ReservationRecord): boolean {
    const own = kind === "automatic" && isOwnCluster(cluster, this.#names);
    return own && version <= RECORD_VERSION && retain !== "keep";
  }
}

function ownerHash(space: string, { kind, name, namespace }: RefOf<"owner">["owner"]): number {
  return nameHash(space, kind, namespace, name);
}

const NONE: ReadonlyMap<AddressKey, unknown> = new Map();
