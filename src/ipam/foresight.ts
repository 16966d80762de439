import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { MetaRecord, NetworkRecord, RecordTypes, Ref, ReservedRangesRecord } from "./records.ts";
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

/** Records as this process left or saw them last. */
export interface RecordMemory {
  get<R extends Ref>(ref: R): Versioned<RecordTypes[R["kind"]]> | undefined;
  set<R extends Ref>(ref: R, record: Versioned<RecordTypes[R["kind"]]>): void;
}

/** The picture of one space; undefined where there is none, or it is not complete yet. */
export type TakenIn = (space: string) => Taken | undefined;

/**
 * What earlier ADDs saw of one store, so that the next needs one round trip. Never more than a hint:
 * the ADD's transaction guards all of it, and a loser looks. No method throws.
 */
export interface Foresight {
  readonly takenIn: TakenIn;
  /** Where `takenIn` has heard of nothing, a transaction asks at once for the look that follows should it be lost. */
  readonly guesses: boolean;
  /** Absent where a process serves one ADD. */
  readonly records?: RecordMemory;
  recall(network: string): Memory | undefined;
  learn(network: string, memory: Memory): void;
  forget(network: string): void;
}
