import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { MetaRecord, NetworkRecord, ReservedRangesRecord } from "./records.ts";
import type { Versioned } from "./store-port.ts";

/** What of the store one network's ADDs saw last, besides its addresses. */
export interface Memory {
  readonly meta: Versioned<MetaRecord>;
  readonly network: Versioned<NetworkRecord>;
  readonly reservedRanges?: Versioned<ReservedRangesRecord>;
  /** What the record of reserved ranges says. */
  readonly reserved: readonly Interval[];
}

/** Which addresses of a space are allocated, reserved or cooling, as far as somebody has heard. */
export interface Taken {
  has(address: Address): boolean;
}

/** The picture of one space; undefined where there is none, or it is not complete yet. */
export type TakenIn = (space: string) => Taken | undefined;

/** So many networks are remembered; one that was not used for long makes room. */
const MOST = 256;

/**
 * What a process that serves many ADDs knows of one store, so that the next ADD needs one round
 * trip. Never more than a hint: the ADD's transaction guards all of it, and a loser looks.
 */
export class Foresight {
  readonly takenIn: TakenIn;
  readonly #memories = new Map<string, Memory>();

  constructor(takenIn: TakenIn) {
    this.takenIn = takenIn;
  }

  recall(network: string): Memory | undefined {
    return this.#memories.get(network);
  }

  learn(network: string, memory: Memory): void {
    this.#memories.delete(network);
    this.#memories.set(network, memory);
    const [oldest] = this.#memories.keys();
    if (oldest !== undefined && this.#memories.size > MOST) this.#memories.delete(oldest);
  }

  forget(network: string): void {
    this.#memories.delete(network);
  }
}
