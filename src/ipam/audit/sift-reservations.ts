import { formatAddress } from "../../address/address.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import { type Owner, type RefOf, SHARE_KIND } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { AddressIndex } from "./address-index.ts";
import { Column } from "./columns.ts";
import { fingerprint } from "./fingerprint.ts";

/** Of a reservation whose owner knows of it, or that has no record of its owner. */
const CLEAR = -1;

/** Notes all reservations in a compact index; owners clear those that they list. */
export class SiftedReservations {
  readonly #addresses = new AddressIndex();
  /** The fingerprint of whom an address is reserved for. */
  readonly #owners = new Column("number");

  /** What the index takes. */
  get bytes(): number {
    return this.#addresses.bytes + this.#owners.bytes;
  }

  add({ ref, record }: Entry<"reservation">): void {
    this.#addresses.add(ref.space, ref.address, formatAddress(ref.address));
    this.#owners.push(record.owner.kind === NOTE_KIND ? CLEAR : printOf(record.owner));
  }

  /** @returns whether all addresses that the owner lists are reserved. */
  match({ ref, record }: Entry<"owner">): boolean {
    const print = printOf(ref.owner);
    let agrees = true;
    for (const text of record.addresses) {
      const index = this.#addresses.in(ref.space, text);
      if (index === undefined) agrees = false;
      else if (this.#owners.at(index) === print) this.#owners.set(index, CLEAR);
    }
    return agrees || record.owner.kind === SHARE_KIND;
  }

  /** The reservations that no owner lists. */
  *unmatched(): Generator<RefOf<"reservation">> {
    for (const index of this.#addresses.indexes()) {
      if (this.#owners.at(index) === CLEAR) continue;
      const [space, address] = [this.#addresses.space(index), this.#addresses.address(index)];
      yield { kind: "reservation", space, address };
    }
  }
}

function printOf({ kind, name, namespace }: Owner): number {
  return fingerprint(kind, namespace, name);
}
