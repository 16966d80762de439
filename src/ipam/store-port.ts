import type { Address } from "../address/address.ts";
import type { RecordKind, RecordOf, RecordTypes, Ref, RefOf } from "./records.ts";

/**
 * The store of one address universe: typed records under guarded, atomic transactions. The same
 * contract holds for every implementation and is tested by one suite (src/store/contract/contract.ts).
 *
 * All reads are linearizable: a read that starts after a commit was answered sees it.
 * Revisions are positive integers that only grow within one store; revision 0 means "absent".
 * Every method rejects with StoreFailure and nothing else, and gives up before `options.deadline`.
 */
export interface Store {
  /** What this store is, for messages and for the node's memory of it. Holds no secret. */
  readonly description: StoreDescription;

  /** One consistent picture of all that was asked for, in one round trip. */
  read(query: Query, options: CallOptions): Promise<Snapshot>;

  /**
   * Performs all writes if and only if every guard holds, in one round trip; otherwise performs
   * none and answers `otherwise` (if given) from the same moment. Rejects with kind
   * "unknown-outcome" when the request was sent and the answer did not come: the caller must then
   * read back and never assume (RESOLVED). Rejects with kind "no-space" when the store refuses the
   * writes for lack of space; a transaction without puts may still pass then.
   */
  commit(transaction: Transaction, options: CallOptions): Promise<Outcome>;

  /**
   * All records of one kind, in the order of their keys (addresses sort as numbers), paged
   * internally so that memory stays bounded. A record that changes meanwhile is seen old or new,
   * one that stays is seen once.
   *
   * Past a record that cannot be read it goes on only where `options.damaged` hears of it; else it
   * rejects with kind "damaged", so that nothing is decided on records of which one is missing.
   */
  list<K extends RecordKind>(scope: ListScope<K>, options: ListOptions): AsyncIterable<Entry<K>>;

  /**
   * Changes of one kind of record since revision `since` (exclusive), as they happen. Ends when
   * `options.signal` aborts. Rejects with kind "history-lost" when changes since then are no longer
   * known: list again and start from there. What cannot be read is passed or not, as by `list`.
   */
  watch<K extends RecordKind>(
    scope: ListScope<K>,
    since: number,
    options: WatchOptions,
  ): AsyncIterable<Change<K>>;

  /**
   * Rejects with kind "no-space" or "unwritable" where no transaction with puts can pass, as far as that
   * can be told without one; what cannot be told counts as well.
   */
  requireWritable(options: CallOptions): Promise<void>;

  /** Of a store with servers, the one that requests go to now; undefined without a connection. */
  endpoint?(): string | undefined;

  /** Releases connections and files. Calls under way may reject. Never throws. */
  close(): Promise<void>;
}

/**
 * What a store is called, and what the core must know of it to decide. Nothing is decided by `kind`:
 * where stores differ, they differ in a capability that is named here.
 */
export interface StoreDescription {
  /** What this kind of store is called, for people. */
  readonly kind: string;
  /** Where it lies, for people: a folder, or its servers. */
  readonly location: string;
  /** What the names of all its records begin with where several stores share one place; "" where none do. */
  readonly prefix: string;
  /**
   * All nodes of a cluster write to it, and other clusters may. Only such a store may serve a cluster's
   * pods (ONE-STORE); its records name their cluster, and each node begins to look for a free address at
   * a place of its own (FLAT). A store that is not shared holds the records of this node alone.
   */
  readonly shared: boolean;
  /**
   * A read costs a round trip, so an ADD gains when it proposes an address before it has read anything,
   * and an agent when it watches what is taken (FORESEEN). False where a read costs next to nothing.
   */
  readonly foresees: boolean;
}

export interface CallOptions {
  /** Milliseconds of this process's monotonic clock (performance.now()) at which to give up. */
  readonly deadline: number;
}

/** A record that is there and cannot be read: somebody else wrote it. It counts as taken, and stays as it is. */
export interface Damage {
  readonly ref: Ref;
  /** Of kind "damaged"; names the key, and what to do. */
  readonly failure: StoreFailure;
}

/** Who names somebody to hear of damaged records goes on past them. */
interface PassesDamage {
  readonly damaged?: (damage: Damage) => void;
}

export interface ListOptions extends CallOptions, PassesDamage {}

export interface WatchOptions extends PassesDamage {
  readonly signal: AbortSignal;
  /** Only whether records are there, not what they say: cheap, and enough for a hint. */
  readonly keysOnly?: boolean;
}

/**
 * What one read asks for. It counts as one part for each reference and as three for each window and each
 * count; every store answers 128 parts, and need not answer more.
 */
export interface Query {
  readonly refs?: readonly Ref[];
  readonly windows?: readonly Window[];
  readonly counts?: readonly Span[];
}

/** All addresses from `first` to `last`, both included, of one family. */
export interface Span {
  readonly space: string;
  readonly first: Address;
  readonly last: Address;
}

/** Asks which addresses of a span cannot be given out, reading at most `limit` keys of each kind. */
export interface Window extends Span {
  readonly limit: number;
}

/** What is taken inside a window. Nothing is known beyond `knownThrough`. */
export interface WindowAnswer {
  readonly allocated: readonly Address[];
  readonly reserved: readonly Address[];
  readonly cooling: readonly Address[];
  /** Equals the window's `last` unless the limit cut the answer short. */
  readonly knownThrough: Address;
}

/** How many records of each kind a span holds. One address may count in more than one of them. */
export interface CountAnswer {
  readonly allocated: number;
  readonly reserved: number;
  readonly cooling: number;
}

export interface Versioned<T> {
  readonly record: T;
  /** Revision of the last change of this record; what guards compare. */
  readonly revision: number;
}

export interface Snapshot {
  /** The store's revision at the moment of the read. */
  readonly revision: number;
  /** The record, or undefined where it is absent. Only refs that were asked for may be got. */
  get<R extends Ref>(ref: R): Versioned<RecordOf<R>> | undefined;
  /** In the order of the query's windows. */
  readonly windows: readonly WindowAnswer[];
  /** In the order of the query's counts. */
  readonly counts: readonly CountAnswer[];
}

/** Holds when the record's revision is `revision` (0: when it is absent). */
export interface Guard {
  readonly ref: Ref;
  readonly revision: number;
}

export type Put = {
  [K in RecordKind]: {
    readonly ref: RefOf<K>;
    readonly record: RecordTypes[K];
    /** The record vanishes by itself after this many seconds. Only for kind "cooling". */
    readonly seconds?: number;
  };
}[RecordKind];

/** Every store takes 128 guards with 128 puts and deletes, and need not take more. */
export interface Transaction {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  readonly deletes: readonly Ref[];
  readonly otherwise?: Query;
}

export type Outcome =
  | { readonly won: true; readonly revision: number }
  | { readonly won: false; readonly snapshot?: Snapshot };

/** Narrows a listing or a watch. Fields other than `kind` apply where the kind has them. */
export interface ListScope<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly space?: string;
  readonly node?: string;
  /** Only together with `node`. */
  readonly network?: string;
  /** Only together with `space`: this one address. */
  readonly address?: Address;
}

export interface Entry<K extends RecordKind> extends Versioned<RecordTypes[K]> {
  readonly ref: RefOf<K>;
}

/** One change. `record` is undefined when the record was deleted or expired, or keys only were asked for. */
export interface Change<K extends RecordKind> {
  readonly ref: RefOf<K>;
  /** False when the record was deleted or expired. */
  readonly present: boolean;
  readonly record?: RecordTypes[K];
  readonly revision: number;
}

export type StoreFailureKind =
  /** Not reached, not ready, or timed out before anything was written: worth a retry (11). */
  | "unavailable"
  /** Sent, but no answer came: the writes may or may not have happened (RESOLVED). */
  | "unknown-outcome"
  /** TLS, authentication, permission: a person must act (105). */
  | "refused"
  /** Out of space or quota: deletes may pass (106). */
  | "no-space"
  /** Corrupt, read-only, of a newer schema (106). */
  | "unwritable"
  /** One record cannot be read, and all others can (106). */
  | "damaged"
  /** A watch or paged listing fell behind what the store remembers. */
  | "history-lost";

/** The only error a store throws. `message` names server or file and reason; no secrets. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly kind: StoreFailureKind;
  /** What a person can do about it, in one sentence. */
  readonly remedy: string;

  constructor(kind: StoreFailureKind, message: string, remedy = "", options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}
