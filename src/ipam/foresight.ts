import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { MetaRecord, NetworkRecord, RecordTypes, Ref, ReservedRangesRecord } from "./records.ts";
import type { Versioned } from "./store-port.ts";

/** Records of one network, besides its addresses, as an ADD last read them from the store. */
export interface Memory {
  readonly meta: Versioned<MetaRecord>;
  readonly network: Versioned<NetworkRecord>;
  readonly reservedRanges?: Versioned<ReservedRangesRecord>;
  /** The connection that they were read over; absent after another process read them. */
  readonly connection?: number;
  /** The intervals of `reservedRanges`. */
  readonly reserved: readonly Interval[];
}

/** Which addresses of a space are allocated, reserved or cooling, as far as this process knows. */
export interface Taken {
  has(address: Address): boolean;
}

/** Records as this process last wrote or read them. */
export interface RecordMemory {
  get<R extends Ref>(ref: R): Versioned<RecordTypes[R["kind"]]> | undefined;
  set<R extends Ref>(ref: R, record: Versioned<RecordTypes[R["kind"]]>): void;
}

/** The taken addresses of one space; undefined where they are not known, or not all of them yet. */
export type TakenIn = (space: string) => Taken | undefined;

/**
 * What earlier ADDs read from one store, so that the next ADD needs one round trip only. Always a
 * hint: the ADD's transaction guards all of it, and an ADD that loses reads the store. No method throws.
 */
export interface Foresight {
  readonly takenIn: TakenIn;
  /** `takenIn` only guesses: the transaction then also asks for the view that the ADD needs if it loses. */
  readonly guesses: boolean;
  /** Absent in a process that serves one ADD only. */
  readonly records?: RecordMemory;
  recall(network: string): Memory | undefined;
  learn(network: string, memory: Memory): void;
  forget(network: string): void;
}
