import type { Address } from "../../address/address.ts";
import type { Ref } from "../../ipam/records.ts";
import type { CoolingAddress, CountAnswer, Span, Window, WindowAnswer } from "../../ipam/store-port.ts";

/** The kinds of record that keep an address from being given out. */
type Taking = "allocation" | "reservation" | "cooling";

/** The revision of a record that lives; undefined of one that has expired. */
type RevisionOf = (ref: Ref) => number | undefined;

/** The records of addresses in the order of these, so that a look at some of them costs nothing for all others. */
export class TakenIndex {
  /** By space, kind and family. */
  readonly #lists = new Map<string, bigint[]>();

  add(ref: Ref): void {
    if (!("address" in ref)) return;
    const list = this.#listOf(ref);
    const at = lowerBound(list, ref.address.value);
    if (list[at] !== ref.address.value) list.splice(at, 0, ref.address.value);
  }

  remove(ref: Ref): void {
    if (!("address" in ref)) return;
    const list = this.#listOf(ref);
    const at = lowerBound(list, ref.address.value);
    if (list[at] === ref.address.value) list.splice(at, 1);
  }

  clear(): void {
    this.#lists.clear();
  }

  look(window: Window, revisionOf: RevisionOf): WindowAnswer {
    let end = window.last;
    const upToLimit = <A extends Address>(addresses: Iterable<A>) => {
      const some: A[] = [];
      for (const address of addresses) {
        const cut = some[window.limit - 1];
        if (cut !== undefined) {
          if (cut.value < end.value) end = cut;
          break;
        }
        some.push(address);
      }
      return some;
    };
    const allocated = upToLimit(this.#within("allocation", window));
    const reserved = upToLimit(this.#within("reservation", window));
    const cooling = upToLimit(this.#cooling(window, revisionOf));
    return { allocated, reserved, cooling, knownThrough: end };
  }

  count(span: Span, revisionOf: RevisionOf): CountAnswer {
    const of = (kind: Taking) => {
      const list = this.#listOf({ kind, space: span.space, address: span.first });
      return lowerBound(list, span.last.value + 1n) - lowerBound(list, span.first.value);
    };
    const cooling = [...this.#cooling(span, revisionOf)].length;
    return { allocated: of("allocation"), reserved: of("reservation"), cooling };
  }

  *#cooling(span: Span, revisionOf: RevisionOf): Generator<CoolingAddress> {
    for (const address of this.#within("cooling", span)) {
      const revision = revisionOf({ kind: "cooling", space: span.space, address });
      if (revision !== undefined) yield { ...address, revision };
    }
  }

  *#within(kind: Taking, { space, first, last }: Span): Generator<Address> {
    const list = this.#listOf({ kind, space, address: first });
    for (let at = lowerBound(list, first.value); at < list.length; at += 1) {
      const value = list[at];
      if (value === undefined || value > last.value) return;
      yield { family: first.family, value };
    }
  }

  #listOf({ kind, space, address: { family } }: Extract<Ref, { readonly address: Address }>): bigint[] {
    const name = `${kind} ${family} ${space}`;
    const known = this.#lists.get(name) ?? [];
    this.#lists.set(name, known);
    return known;
  }
}

/** The first place whose value is not below this one. */
function lowerBound(list: readonly bigint[], value: bigint): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
