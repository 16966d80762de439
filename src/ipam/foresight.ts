import type { MetaRecord, NetworkRecord, ReservedRangesRecord } from "./records.ts";
import type { Versioned } from "./store-port.ts";

/** The store as one network's ADDs saw it last, and what was free then. */
export interface Memory {
  readonly meta: Versioned<MetaRecord>;
  readonly network: Versioned<NetworkRecord>;
  readonly reservedRanges?: Versioned<ReservedRangesRecord>;
  /** For each range set, in its order: positions of one of its pools that were free, the next one first. */
  readonly free: readonly bigint[][];
}

/** So many networks are remembered; one that was not used for long makes room. */
const MOST = 256;

/**
 * What a process that serves many ADDs remembers of one store, so that the next ADD needs one round
 * trip. Never more than a hint: the ADD's transaction guards all of it, and a loser looks.
 */
export class Foresight {
  readonly #memories = new Map<string, Memory>();

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
