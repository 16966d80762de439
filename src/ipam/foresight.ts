import type { Interval } from "../address/interval.ts";
import type { Pool } from "../address/pool.ts";
import type { MetaRecord, NetworkRecord, RecordTypes, Ref, ReservedRangesRecord } from "./records.ts";
import type { SharedLooks } from "./shared-looks.ts";
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

/** The free addresses of one pool around this node's place, as far as this process knows. */
export interface Neighbourhood {
  /** Other nodes take addresses here, too. */
  readonly contested: boolean;
  /** No race was lost here for long: an ADD need not ask for what it needs if it loses. */
  readonly calm: boolean;
  /** A look that ended not long ago has found nothing free in all of the pool. */
  readonly full: boolean;
  /**
   * Takes a position out that nobody is known to hold; undefined where none is known, and the ADD must read.
   *
   * @param usable false for a position that the asker cannot use; it is passed over.
   */
  take(usable: (position: bigint) => boolean): bigint | undefined;
  /** The ADD that took the position goes without it, and has not tried to: the next one takes it. */
  giveBack(position: bigint): void;
  /** What was read at `revision` of the node's place: its free positions, the nearest first. */
  learn(free: Iterable<bigint>, revision: number): void;
  /** A look at all of the pool has found nothing free. */
  learnFull(): void;
}

/** How an ADD of this process ended for one of its addresses: won at a revision, or lost. */
export type Ending = { readonly won: number } | "lost";

/** What a process that serves many ADDs of a node knows of its neighbourhood in each pool. */
export interface Neighbourhoods {
  of(space: string, pool: Pool): Neighbourhood;
  /** Tells how the ADD that took these addresses has ended. */
  ended(space: string, addresses: readonly string[], ending: Ending): void;
  /** Tells that this node gave back addresses that cool down for so long. */
  freed(space: string, addresses: readonly string[], coolingSeconds: number): void;
}

/** Records as this process last wrote or read them. */
export interface RecordMemory {
  get<R extends Ref>(ref: R): Versioned<RecordTypes[R["kind"]]> | undefined;
  set<R extends Ref>(ref: R, record: Versioned<RecordTypes[R["kind"]]>): void;
}

/** Which of the node's holdings its ADDs guard, in a process that serves many. */
export interface WitnessMemory {
  /** The runtime got the result of an ADD of this process just now. */
  delivered(requestId: string): void;
  /**
   * What an ADD of this space is to guard.
   *
   * @param choose the newest that is not young.
   * @param isLiving whether one that an ADD shortly before has guarded still lives.
   */
  of<W extends object>(
    space: string,
    choose: (isYoung: (requestId: string) => boolean) => W | undefined,
    isLiving: (witness: W) => boolean,
  ): W | undefined;
}

/**
 * What earlier ADDs read from one store, so that the next ADD needs one round trip only. Always a
 * hint: the ADD's transaction guards all of it, and an ADD that loses reads the store. No method throws.
 */
export interface Foresight {
  /** Absent in a process that serves one ADD only: it guesses that the address behind its cursor is free. */
  readonly neighbourhoods?: Neighbourhoods;
  /** Absent in a process that serves one ADD only. */
  readonly records?: RecordMemory;
  recall(network: string): Memory | undefined;
  learn(network: string, memory: Memory): void;
  forget(network: string): void;
  /**
   * While another ADD reads what the memory of this network needs: until it is learnt (true), or that ADD gives up.
   * The caller counts as one who waits for it. Absent in a process that serves one ADD only.
   */
  awaited?(network: string): Promise<boolean> | undefined;
  /** How many wait for what an ADD now reads: so many more should find something in it. */
  waiting?(network: string): number;
  /** Says that the caller reads what the memory of this network needs. @returns what ends that. */
  reading?(network: string): () => void;
  /** Absent in a process that serves one ADD only. */
  readonly looks?: SharedLooks;
  /** Absent in a process that serves one ADD only. */
  readonly witnesses?: WitnessMemory;
  /**
   * The store's identity was read, and is the one that this node knows. Absent in a process that serves one
   * ADD only.
   */
  identified?(meta: Versioned<MetaRecord>, connection: number | undefined): void;
}
