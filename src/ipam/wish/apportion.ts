import type { Address } from "../../address/address.ts";
import { type RangeSet, setsGivingOut, setsWithSubnetOf } from "../../address/range.ts";

/** Something that names an address. */
export interface Naming {
  readonly address: Address;
}

/** Which range set gives which of the addresses that a wish names. */
export interface Apportioned<T extends Naming> {
  readonly named: ReadonlyMap<RangeSet, T>;
  /** Addresses that no set is left for. */
  readonly left: readonly T[];
}

/**
 * Assigns each address to the set whose dynamic ranges contain it, else to the first set left whose
 * subnet contains it: so no set gives out dynamically what was asked of another. Sets may share a subnet:
 * an address is left only where no assignment gives it beside all that stand before it.
 */
export function apportion<T extends Naming>(sets: readonly RangeSet[], wanted: readonly T[]): Apportioned<T> {
  const assignment = new Assignment<T>(sets);
  const outside = wanted.filter((wish) => !assignment.addWhereGivenOut(wish));
  const left = outside.filter((wish) => !assignment.add(wish));
  return { named: assignment.named, left };
}

/**
 * Addresses, each with a set of its own that could give it. Grows by one address at a time, in time that is linear in
 * the sets that could give the addresses (CAPPED).
 */
export class Assignment<T extends Naming> {
  readonly named = new Map<RangeSet, T>();
  readonly #sets: readonly RangeSet[];
  readonly #texts = new Set<string>();
  /** Sets that a try to make room has found taken, with all that could make room for them: they stay so. */
  readonly #closed = new Set<RangeSet>();

  constructor(sets: readonly RangeSet[]) {
    this.#sets = sets;
  }

  has({ address }: Naming): boolean {
    return this.#texts.has(keyOf(address));
  }

  /** Adds an address to a set left that gives it out. @returns false where there is none, or the address is there. */
  addWhereGivenOut(wish: T): boolean {
    return !this.has(wish) && this.#take(setsGivingOut(this.#sets, wish.address), wish);
  }

  /** Adds an address, and moves others for it. @returns false where no assignment gives all, or it is there. */
  add(wish: T): boolean {
    if (this.has(wish)) return false;
    const holding = setsWithSubnetOf(this.#sets, wish.address);
    if (this.#take(holding, wish)) return true;
    const tried = new Set<RangeSet>();
    const made = this.#makeRoom(wish, holding, tried);
    if (made) this.#texts.add(keyOf(wish.address));
    else for (const set of tried) this.#closed.add(set);
    return made;
  }

  #take(sets: readonly RangeSet[], wish: T): boolean {
    const set = sets.find((each) => !this.named.has(each));
    if (set === undefined) return false;
    this.named.set(set, wish);
    this.#texts.add(keyOf(wish.address));
    return true;
  }

  #makeRoom(wish: T, holding: readonly RangeSet[], tried: Set<RangeSet>): boolean {
    for (const set of holding) {
      if (tried.has(set) || this.#closed.has(set)) continue;
      tried.add(set);
      const before = this.named.get(set);
      if (before !== undefined) {
        const others = setsWithSubnetOf(this.#sets, before.address);
        if (!this.#makeRoom(before, others, tried)) continue;
      }
      this.named.set(set, wish);
      return true;
    }
    return false;
  }
}

function keyOf({ family, value }: Address): string {
  return `${family} ${value}`;
}
