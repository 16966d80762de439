import type { AttachmentId, Holder, NamespaceId, Origin, Owner, Retention } from "./records.ts";

/** What the decisions need to know of, and remember on, the machine they run on. */
export interface Node {
  /** Configured or derived node name (docs/design.md section 7, `nodeName`). */
  readonly name: string;
  /** This boot's ID; a record with another one belongs to namespaces that are gone. */
  readonly bootId: string;

  /**
   * Takes the attachment's file lock, shared by all roles on this node; waits for other holders
   * until `deadline` (performance.now() milliseconds), then rejects with IpamError "tryAgain".
   * With `cancelling` (DEL) it first marks every ADD of this attachment that started before as
   * cancelled, without waiting for the lock. Crash-safe: the kernel releases it with the process.
   */
  lock(id: AttachmentId, options: LockOptions): Promise<AttachmentLock>;

  /**
   * Takes notice, from now on, of every DEL of this attachment, without taking the lock: for what an
   * ADD does before it needs the lock, such as waiting for Kubernetes.
   */
  attend(id: AttachmentId, deadline: number): Promise<Attendance>;

  /** What identifies the namespace mounted at `path`; undefined when nothing is there. */
  identifyNamespace(path: string): NamespaceId | undefined;

  /**
   * Whether a recorded namespace still lives (docs/design.md section 4, "Namespace gone"). "unknown"
   * whenever there is doubt; unknown frees nothing.
   */
  namespaceState(namespace: NamespaceId, bootId: string): NamespaceState;

  /** Throws IpamError "io" where `runDir` takes no file more: no ADD can note there what it does. */
  requireWritable(): void;

  /**
   * True at most once per `seconds` since boot, whichever process of this node asks: for work that
   * is worth doing now and then. Errs towards true.
   */
  due(task: string, seconds: number): boolean;
  /** Makes a task due again at once: it was begun and is not finished. */
  makeDue(task: string): void;

  readonly journal: Journal;
  readonly keptReleases: KeptReleases;
  readonly storeMemory: StoreMemory;
  readonly cursors: Cursors;
}

export type NamespaceState = "present" | "gone" | "unknown";

export interface LockOptions {
  readonly deadline: number;
  readonly cancelling: boolean;
}

/** Excludes everybody else who locks the attachment, until it is released. */
export interface AttachmentLock {
  /** True once a DEL of this attachment began after this (or the attendance it grew from) was asked for. */
  cancelled(): boolean;
  release(): void;
}

export interface Attendance extends AttachmentLock {
  /** The attachment's lock, as `Node.lock` gives it to one who cancels nobody. Once at a time. */
  lock(deadline: number): Promise<AttachmentLock>;
}

/** The node's journal: one entry per attachment made on this node since boot, in `runDir`. */
export interface Journal {
  /** Replaces the attachment's entry atomically. Rejects nothing silently: throws IpamError "io". */
  write(entry: JournalEntry): void;
  /** Writes the attachment's first entry. @returns false, and changes nothing, where there is one. @throws IpamError "io". */
  begin(entry: JournalEntry): boolean;
  read(id: AttachmentId): JournalEntry | undefined;
  /** Removes the entry; with `requestId`, only if it is that request's. */
  remove(id: AttachmentId, requestId?: string): void;
  /**
   * All entries, unreadable ones left out. With `limit`, at most so many, taking turns: reading all
   * of a full node's entries costs a cold process more than its own ADD.
   */
  list(limit?: number): JournalEntry[];
}

export interface JournalEntry {
  readonly version: number;
  readonly holder: Holder;
  readonly space: string;
  /** Addresses of the last commit tried; the store says whether it happened. */
  readonly addresses: readonly string[];
  readonly storeUuid: string;
  /** What else the attachment's record says, so that a recovery can write it again; older programs left it out. */
  readonly prefixes?: readonly number[];
  readonly gateways?: readonly (string | null)[];
  readonly origin?: Origin;
  readonly endsReservations?: boolean;
  /** For whom the ADD reserved addresses of it. */
  readonly reservedFor?: ReservedFor;
}

export interface ReservedFor {
  readonly owner: Owner;
  readonly retain: Retention;
  readonly addresses: readonly string[];
  /** Ordinal of a StatefulSet's pod. */
  readonly ordinal?: number;
}

/** DELs that could not reach the store: on disk (fsynced) in `dataDir`, replayed later. */
export interface KeptReleases {
  /** Throws IpamError "io" when it cannot be made safe on disk or the queue is full. */
  keep(release: KeptRelease): void;
  of(id: AttachmentId): KeptRelease | undefined;
  list(): KeptRelease[];
  drop(id: AttachmentId): void;
}

export interface KeptRelease {
  readonly version: number;
  readonly attachment: AttachmentId;
  readonly node: string;
  /** The ADD it ends, where the journal knew; without it the record must be judged by its namespace. */
  readonly requestId?: string;
  readonly storeUuid?: string;
}

/** Which store each address space lived in when this node last used it (ONE-STORE). */
export interface StoreMemory {
  recall(space: string): RememberedStore | undefined;
  /** Best effort durable: a lost write only makes the memory older. */
  remember(space: string, store: RememberedStore): void;
  /** Takes this store whatever was remembered, also an older state of it. Throws IpamError "io". */
  accept(space: string, store: RememberedStore): void;
  /** The spaces that are remembered; those with very long names are left out. */
  spaces(): string[];
}

export interface RememberedStore {
  readonly uuid: string;
  readonly prefix: string;
  readonly revision: number;
  /** The last recovery of the store that this node has answered, or was not there for. */
  readonly recovery?: string;
}

/**
 * Where in a pool this node gave out an address last, as a position in the pool. A hint only:
 * it spreads nodes and keeps freed addresses unused for a round; losing it costs nothing.
 */
export interface Cursors {
  read(pool: string): bigint | undefined;
  /** Computes and stores the next position under a lock, so that processes of one node differ. */
  advance(pool: string, next: (current: bigint | undefined) => bigint | undefined): bigint | undefined;
}
