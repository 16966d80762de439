import type { Address } from "../address/address.ts";
import type { RecordKind, RecordOf, RecordTypes, Ref, RefOf } from "./records.ts";

/**
 * The store of one address universe: typed records under guarded, atomic transactions. The same
 * contract holds for every implementation and is tested by one suite (src/store/contract/contract.ts).
 *
 * All reads are linearizable: a read that starts after a commit was answered sees that commit.
 * Revisions are positive integers that only grow within one store; revision 0 means "absent".
 * Every method rejects with StoreFailure only (but for mistakes of the caller), and gives up before `options.deadline`.
 */
export interface Store {
  /** Kind, place and prefix of this store, for messages and for the node's memory. Holds no secret. */
  readonly description: StoreDescription;

  /** Reads everything that the query asks for, as of one moment, in one round trip. */
  read(query: Query, options: CallOptions): Promise<Snapshot>;

  /**
   * Performs all writes if every guard holds, in one round trip. Otherwise it performs none, and
   * answers the query `otherwise` (if given) as of the same moment.
   *
   * Rejects with kind "unknown-outcome" when the request was sent and no answer came: the writes may
   * have happened, and the caller must read them back (RESOLVED). A transaction that puts one record twice is a mistake
   * of the caller: it rejects with a plain Error, and writes nothing. Rejects with kind "no-space" when
   * the store has no room for the writes; a transaction without puts may still pass then. After any
   * other failure, nothing is written.
   */
  commit(transaction: Transaction, options: CallOptions): Promise<Outcome>;

  /**
   * Yields all records of one kind, in the order of their keys (addresses of one family sort as numbers: `sortableText`). Reads page
   * by page, so that memory stays bounded. A record that changes meanwhile comes old or new; one that
   * does not change comes once.
   *
   * A caller that passes `options.damaged` hears of each record that cannot be read, and gets the
   * rest. Without it, the listing rejects with kind "damaged" at the first such record, so that no
   * decision overlooks a record.
   */
  list<K extends RecordKind>(scope: ListScope<K>, options: ListOptions): AsyncIterable<Entry<K>>;

  /**
   * As `list`, for several kinds of record in all spaces and nodes at once and in no order, where that costs less than
   * one listing of each kind; absent in a store where it does not.
   */
  listTogether?<K extends RecordKind>(
    kinds: readonly K[],
    options: ListTogetherOptions,
  ): AsyncIterable<AnyEntry<K>>;

  /**
   * Counts the records of one kind without reading them: it costs one round trip, for each address space
   * where none is named. Counts a record that cannot be read, too, for its contents do not matter.
   */
  count(scope: CountScope, options: CallOptions): Promise<number>;

  /** The address spaces that have a record, in the order of their keys. Costs one record of each. */
  spaces(options: CallOptions): Promise<string[]>;

  /**
   * Yields the changes of one kind of record after revision `since`, as they happen. Ends when
   * `options.signal` aborts. Rejects with kind "history-lost" when the store no longer knows all
   * changes since then: the caller lists again and watches from there. Treats a record that cannot be
   * read as `list` does.
   */
  watch<K extends RecordKind>(
    scope: ListScope<K>,
    since: number,
    options: WatchOptions,
  ): AsyncIterable<Change<K>>;

  /**
   * As `watch`, for several kinds of record in all spaces and nodes at once: one stream, in the order of the
   * revisions. For the one process of a cluster that may hear of what all nodes write (FLAT).
   */
  changes<K extends RecordKind>(
    kinds: readonly K[],
    since: number,
    options: WatchOptions,
  ): AsyncIterable<AnyChange<K>>;

  /**
   * Resolves when the store takes writes. Rejects with kind "no-space" or "unwritable" when it is known,
   * without writing, that a transaction with puts would fail. In case of doubt it resolves.
   */
  requireWritable(options: CallOptions): Promise<void>;

  /**
   * Keeps what another process has sent for these addresses, and died or got no answer, from happening later, where
   * nobody holds them. What has happened by then shows to the next read. Absent in a store where nothing comes late,
   * or where nothing can be done about it.
   */
  forestall?(allocations: readonly RefOf<"allocation">[], options: CallOptions): Promise<void>;

  /**
   * Removes what dead processes left, and records whose time is over: a bounded piece with each call, which goes on
   * where the one before ended. For one process of a cluster; absent in a store that
   * needs nobody for it.
   *
   * @returns how many things it removed.
   */
  sweep?(options: CallOptions): Promise<number>;

  /** The server that requests go to now; undefined in a store without servers, or without a connection. */
  endpoint?(): string | undefined;

  /** Releases connections and files. Calls that are running may reject. Never throws. */
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
  /**
   * Tells it apart from the other stores that a node uses, where `location` only says by which of several ways it is
   * reached; absent: its location.
   */
  readonly place?: string;
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
   * and an agent when it knows its neighbourhood (FORESEEN). False where a read costs next to nothing.
   */
  readonly foresees: boolean;
  /**
   * It lies in the very cluster whose pods it serves: that cluster's UID names the place, as a lineage does, and stays
   * where a backup is restored.
   */
  readonly ofCluster?: true;
}

export interface CallOptions {
  /** When to give up, in milliseconds of this process's monotonic clock (performance.now()). */
  readonly deadline: number;
}

/**
 * A record that exists and cannot be read, because another program wrote it. It counts as taken, and is
 * never changed.
 */
export interface Damage {
  readonly ref: Ref;
  /** Of kind "damaged". Names the key and what to do. */
  readonly failure: StoreFailure;
}

interface PassesDamage {
  /**
   * Called for each damaged record, and the listing goes on; without it, the listing rejects at the
   * first one.
   */
  readonly damaged?: (damage: Damage) => void;
}

export interface ListOptions extends CallOptions, PassesDamage {}

export interface ListTogetherOptions extends ListOptions {
  /**
   * Nobody but the caller writes these records as long as the store is open: a record that is not listed is absent, and
   * the store need not look for it again.
   */
  readonly alone?: boolean;
}

export interface WatchOptions extends PassesDamage {
  readonly signal: AbortSignal;
  /** Yields only whether records exist, without their contents: cheap, and enough for a hint. */
  readonly keysOnly?: boolean;
  /**
   * Called with true, and the connection (`Snapshot.connection`), when the store has confirmed the watch, and with
   * false when that connection was lost. The watch goes on by itself then, over another one, but of a store that may
   * have been thrown back.
   */
  readonly stands?: (stands: boolean, connection?: number) => void;
}

/**
 * What one read asks for: single records, windows of addresses, and counts. It counts as one part for
 * each reference and as three for each window and each count. Every store answers 128 parts, and need
 * not answer more.
 */
export interface Query {
  readonly refs?: readonly Ref[];
  readonly windows?: readonly Window[];
  readonly counts?: readonly Span[];
  /**
   * The answer's `revision` has to be the store's own, also where that takes longer: for who looks whether the store was
   * thrown back, and who watches from there. What asks for windows or counts has it anyway.
   */
  readonly exact?: true;
}

/** All addresses from `first` to `last`, both included, of one family. */
export interface Span {
  readonly space: string;
  readonly first: Address;
  readonly last: Address;
}

/** Asks which addresses of a span are taken. The store reads at most `limit` keys of each kind. */
export interface Window extends Span {
  readonly limit: number;
}

/** An address that cools down, and the revision of its record. */
export interface CoolingAddress extends Address {
  readonly revision: number;
}

/** The taken addresses of a window. Nothing is known beyond `knownThrough`. */
export interface WindowAnswer {
  readonly allocated: readonly Address[];
  readonly reserved: readonly Address[];
  /** With the revision of each record, for whoever takes such an address when nothing else is free. */
  readonly cooling: readonly CoolingAddress[];
  /** The window's `last`, or an earlier address where the limit cut the answer short. */
  readonly knownThrough: Address;
}

/** How many records of each kind a span has. One address may count in more than one kind. */
export interface CountAnswer {
  readonly allocated: number;
  readonly reserved: number;
  readonly cooling: number;
}

export interface Versioned<T> {
  readonly record: T;
  /** Revision of the record's last change. Guards compare it. */
  readonly revision: number;
}

export interface Snapshot {
  /** The store's revision at the moment of the read. */
  readonly revision: number;
  /** It is no more than a lower bound of that: a lower one than before proves nothing. Only where the query is not `exact`. */
  readonly atLeast?: true;
  /**
   * What the store's servers call themselves as a whole, where they do: it changes where they were set up
   * anew, as from a backup.
   */
  readonly lineage?: string;
  /** The connection that it was read over, in a store that has such. See `Transaction.connection`. */
  readonly connection?: number;
  /**
   * From where a watch of the record misses nothing that this picture does not show, where that is not `revision`. Only
   * for refs that the query asked for.
   */
  readonly since?: (ref: Ref) => number;
  /** The record, or undefined where it is absent. Only for refs that the query asked for. */
  get<R extends Ref>(ref: R): Versioned<RecordOf<R>> | undefined;
  /** In the order of the query's windows. */
  readonly windows: readonly WindowAnswer[];
  /** In the order of the query's counts. */
  readonly counts: readonly CountAnswer[];
}

/** Holds when the record has this revision; 0 holds when the record is absent. */
export interface Guard {
  readonly ref: Ref;
  readonly revision: number;
}

export type Put = {
  [K in RecordKind]: {
    readonly ref: RefOf<K>;
    readonly record: RecordTypes[K];
    /** The store removes the record after this many seconds. Only for kinds "cooling" and "released". */
    readonly seconds?: number;
  };
}[RecordKind];

/** Writes that happen all or not at all. Every store takes 128 guards with 128 puts and deletes, and need not take more. */
export interface Transaction {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  readonly deletes: readonly Ref[];
  /** What to read where a guard does not hold. */
  readonly otherwise?: Query;
  /**
   * Sent over this connection only; where that is lost, the transaction is, without a snapshot. While
   * nobody was connected, a store may be thrown back, and old revisions say nothing about it then.
   */
  readonly connection?: number;
}

/** `snapshot` answers the transaction's `otherwise`; `lineage` is as a snapshot's. */
export type Outcome =
  | {
      readonly won: true;
      readonly revision: number;
      /** The store's revision right before it wrote, where that is not `revision - 1`; "unknown": it did not tell. */
      readonly before?: number | "unknown";
      readonly lineage?: string;
      /** Of a record that it has put, where that may be another than `revision`; undefined where it is not known. */
      readonly revisionOf?: (ref: Ref) => number | undefined;
    }
  | { readonly won: false; readonly snapshot?: Snapshot };

/** Narrows a listing or a watch. Fields other than `kind` apply where the kind has them. */
export interface ListScope<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly space?: string;
  readonly node?: string;
  /** Only together with `node`. */
  readonly network?: string;
  /** Only this address. Only together with `space`. */
  readonly address?: Address;
  /** Only from this address on, in the order of the listing. Only together with `space`. */
  readonly from?: Address;
  /** Only up to this address, which is of the family of `from`. Only together with `from`. */
  readonly to?: Address;
}

/** Narrows a count. */
export type CountScope = Pick<ListScope, "kind" | "space" | "node" | "network" | "address">;

export interface Entry<K extends RecordKind> extends Versioned<RecordTypes[K]> {
  readonly ref: RefOf<K>;
}

/** A record of one of several kinds; `ref.kind` tells which. */
export type AnyEntry<K extends RecordKind> = K extends RecordKind ? Entry<K> : never;

/** One change of a record. `record` is absent when the record was deleted or expired, and with `keysOnly`. */
export interface Change<K extends RecordKind> {
  readonly ref: RefOf<K>;
  /** False when the record was deleted or expired. */
  readonly present: boolean;
  readonly record?: RecordTypes[K];
  readonly revision: number;
}

/** A change of one of several kinds; `ref.kind` tells which. */
export type AnyChange<K extends RecordKind> = K extends RecordKind ? Change<K> : never;

export type StoreFailureKind =
  /** Unreachable, not ready, or timed out before it wrote anything: worth a retry (11). */
  | "unavailable"
  /** The request was sent and no answer came: the writes may have happened (RESOLVED). */
  | "unknown-outcome"
  /** TLS, authentication, permission: a person must act (105). */
  | "refused"
  /** Out of space or over its quota: deletes may still pass (106). */
  | "no-space"
  /** Corrupt, read-only, of a newer schema (106). */
  | "unwritable"
  /** One record cannot be read; all others can (106). */
  | "damaged"
  /** A watch or a paged listing needs changes that the store no longer keeps. */
  | "history-lost";

/** The only error that a store throws. `message` names the server or file and the reason. Holds no secret. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly kind: StoreFailureKind;
  /** What a person can do, in one sentence. */
  readonly remedy: string;

  constructor(kind: StoreFailureKind, message: string, remedy = "", options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}
