import { formatAddress, parseAddress } from "../../address/address.ts";
import { NOTE_KIND } from "../own-kinds.ts";
import { type Owner, type RefOf, SHARE_KIND } from "../records.ts";
import type { Entry } from "../store-port.ts";
import { fingerprint } from "./fingerprint.ts";

/** Of a reservation whose owner knows of it, or that has no record of its owner. */
const CLEAR = -1;

/** Notes all reservations in some 100 bytes each; owners clear those that they list. */
export class SiftedReservations {
  /** The fingerprint of whom an address is reserved for, by address and address space. */
  readonly #owners = new Map<string, number>();

  add({ ref, record }: Entry<"reservation">): void {
    const print = record.owner.kind === NOTE_KIND ? CLEAR : printOf(record.owner);
    this.#owners.set(keyOf(ref.space, formatAddress(ref.address)), print);
  }

  /** @returns whether all addresses that the owner lists are reserved. */
  match({ ref, record }: Entry<"owner">): boolean {
    const print = printOf(ref.owner);
    let agrees = true;
    for (const text of record.addresses) {
      const key = keyOf(ref.space, text);
      const known = this.#owners.get(key);
      if (known === undefined) agrees = false;
      else if (known === print) this.#owners.set(key, CLEAR);
    }
    return agrees || record.owner.kind === SHARE_KIND;
  }

  /** The reservations that no owner lists. */
  *unmatched(): Generator<RefOf<"reservation">> {
    for (const [key, print] of this.#owners) {
      if (print === CLEAR) continue;
      const blank = key.indexOf(" ");
      yield {
        kind: "reservation",
        space: key.slice(blank + 1),
        address: parseAddress(key.slice(0, blank)),
      };
    }
  }
}

function printOf({ kind, name, namespace }: Owner): number {
  return fingerprint(kind, namespace, name);
}

function keyOf(space: string, text: string): string {
  return `${text} ${space}`;
}
