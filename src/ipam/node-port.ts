import type { AttachmentId, Holder, NamespaceId, Origin, Owner, Place, Retention } from "./records.ts";

/** The machine that the decisions run on: what they ask it, and what they store on it. */
export interface Node {
  /** Configured or derived node name (docs/design.md section 7, `nodeName`). */
  readonly name: string;
  /** Names that this machine's node had before: records of these are its own where they name the machine. */
  formerNames(): readonly string[];
  /** ID of this boot. The network namespaces of this machine's earlier boots are gone. */
  readonly bootId: string;
  /**
   * This machine's ID for the records of an ADD. It lasts from now on.
   *
   * @throws IpamError "io" where `runDir` cannot be written, "tryAgain" where another process is at it.
   */
  machineId(): string;
  /** Whether this machine made a record. Never throws. */
  relationTo(trace: Trace): MachineRelation;

  /**
   * Takes the attachment's file lock, which all roles on this node share. Waits for other holders of
   * the lock until `deadline` (milliseconds of performance.now()), then rejects with IpamError
   * "tryAgain". With `cancelling` (DEL), first marks every earlier ADD of this attachment as
   * cancelled, without waiting for the lock. When the process dies, the kernel releases the lock.
   */
  lock(id: AttachmentId, options: LockOptions): Promise<AttachmentLock>;

  /**
   * Notices every DEL of this attachment from now on, without taking the lock. For the part of an ADD
   * before it needs the lock, such as a request to Kubernetes.
   */
  attend(id: AttachmentId, deadline: number): Promise<Attendance>;

  /** Identifies the namespace mounted at `path`; undefined when nothing is there. */
  identifyNamespace(path: string): NamespaceId | undefined;

  /**
   * Whether a recorded namespace still lives (docs/design.md section 4, "Namespace gone"). "unknown"
   * in case of doubt, and then nothing is freed. Decisions ask `namespaceStateOf`, which knows the store too.
   */
  namespaceState(trace: Trace): NamespaceState;

  /** @throws IpamError "io" where `runDir` takes no new file, so that no ADD can write its journal entry. */
  requireWritable(): void;

  /**
   * True at most once per `seconds` since boot, over all processes of this node: for work that is
   * worth doing now and then. True in case of doubt.
   */
  due(task: string, seconds: number): boolean;
  /** Makes a task due again at once, because a run did not finish it. */
  makeDue(task: string): void;

  readonly journal: Journal;
  readonly witnesses: Witnesses;
  readonly keptReleases: KeptReleases;
  readonly storeMemory: StoreMemory;
  readonly cursors: Cursors;
}

export type NamespaceState = "present" | "gone" | "unknown";

/** What a record says of where it was made. */
export type Trace = Pick<Holder, "namespace" | "bootId" | "machine"> & Partial<Pick<Holder, "node">>;

/**
 * "this": this machine certainly made the record. "other": another one did, of this node's name or not.
 * "unknown": no evidence, as for older programs' records of an unknown boot.
 */
export type MachineRelation = "this" | "other" | "unknown";

export interface LockOptions {
  readonly deadline: number;
  readonly cancelling: boolean;
}

/** Keeps all other callers from locking the attachment until it is released. */
export interface AttachmentLock {
  /** A DEL of this attachment had begun when this process came, and it was killed, or was still under way. */
  readonly interrupted: boolean;
  /**
   * True once a DEL of this attachment has begun since the call to `lock` (or to `attend`, where the
   * lock came from that).
   */
  cancelled(): boolean;
  release(): void;
}

/** Notices DELs of one attachment before an ADD takes its lock. */
export interface Attendance extends AttachmentLock {
  /** Takes the attachment's lock, like `Node.lock` without `cancelling`. One call at a time. */
  lock(deadline: number): Promise<AttachmentLock>;
}

/** The node's journal in `runDir`: one entry for each attachment made on this node since boot. */
export interface Journal {
  /** Replaces the attachment's entry atomically. @throws IpamError "io"; the old entry then stays. */
  write(entry: JournalEntry): void;
  /**
   * Writes the attachment's first entry.
   *
   * @returns false, with nothing changed, where one exists.
   * @throws IpamError "io".
   */
  begin(entry: JournalEntry): boolean;
  read(id: AttachmentId): JournalEntry | undefined;
  /** Removes the entry. With `requestId`, only if that request wrote it. */
  remove(id: AttachmentId, requestId?: string): void;
  /**
   * All entries that can be read. With `limit`, at most that many, and other ones with each call:
   * reading all entries of a full node costs a cold process more than its own ADD.
   */
  list(limit?: number): JournalEntry[];
}

/** What the node knows of one attachment. */
export interface JournalEntry {
  readonly version: number;
  readonly holder: Holder;
  readonly space: string;
  /** Addresses of the last commit that was tried. Only the store knows whether it happened. */
  readonly addresses: readonly string[];
  readonly storeUuid: string;
  /** Where that store lies (`locationOf`). Absent in entries of older programs. */
  readonly storeLocation?: string;
  /**
   * The rest of the attachment's record, so that a recovery can write it again. Absent in entries of
   * older programs.
   */
  readonly prefixes?: readonly number[];
  readonly gateways?: readonly (string | null)[];
  readonly origin?: Origin;
  readonly endsReservations?: boolean;
  /** The owner that the ADD reserved addresses for. */
  readonly reservedFor?: ReservedFor;
  /**
   * A recovery found that another one has an address of it, and told the conflict: that the store has no
   * record of it proves nothing.
   */
  readonly contested?: boolean;
}

/**
 * The holdings that the store surely had: noted once it has confirmed them. A journal entry alone may be of
 * an ADD that died before its commit. A hint, as old as the last moment: it decides which record to look at.
 */
export interface Witnesses {
  /** Notes commits, the oldest first. Best effort. */
  note(witnesses: readonly Witness[]): void;
  /** All that are noted, the newest first; among them those that have ended since. */
  newest(): Iterable<Witness>;
  /** Forgets all: an operator vouches for the store as it is. */
  forget(): void;
}

/** What one ADD wrote, as the store confirmed it. */
export interface Witness {
  readonly space: string;
  readonly id: AttachmentId;
  readonly requestId: string;
  /** The commit's revision; 0 where it is not known. */
  readonly revision: number;
}

/** The reservations that an ADD made with its addresses. */
export interface ReservedFor {
  readonly owner: Owner;
  readonly retain: Retention;
  readonly addresses: readonly string[];
  /** Ordinal of a StatefulSet's pod. */
  readonly ordinal?: number;
  /** What of the owner's the addresses were given to; absent in entries of older programs. */
  readonly place?: Place;
}

/** DELs that could not reach the store. They lie in `dataDir`, synced to disk, and are replayed later. */
export interface KeptReleases {
  /**
   * Returns once the release is safe on disk.
   *
   * @throws IpamError "io" when it cannot be written, or the queue is full.
   */
  keep(release: KeptRelease): void;
  of(id: AttachmentId): KeptRelease | undefined;
  list(): KeptRelease[];
  drop(id: AttachmentId): void;
}

export interface KeptRelease {
  readonly version: number;
  readonly attachment: AttachmentId;
  readonly node: string;
  /**
   * The ADD that it ends, where the journal knew it. Without it, the record is freed only if its
   * namespace is gone.
   */
  readonly requestId?: string;
  readonly storeUuid?: string;
}

/** Which store each address space lived in when this node last used it (ONE-STORE). */
export interface StoreMemory {
  recall(space: string): RememberedStore | undefined;
  /** Best effort: a lost write only makes the memory older. */
  remember(space: string, store: RememberedStore): void;
  /** Remembers this store in place of any other one, also of a later state. @throws IpamError "io". */
  accept(space: string, store: RememberedStore): void;
  /** The remembered spaces, without those that have very long names. */
  spaces(): string[];
}

export interface RememberedStore {
  readonly uuid: string;
  readonly prefix: string;
  readonly revision: number;
  /**
   * The last recovery of the store that this node has answered, or that ended before this node used the
   * store.
   */
  readonly recovery?: string;
  /** Recoveries before that one, the last ones: a store that names one of them was thrown back. */
  readonly formerRecoveries?: readonly string[];
  /** The highest epoch seen. */
  readonly epoch?: number;
  /** See `Snapshot.lineage` and `StoreDescription.ofCluster`; absent where it is not known. */
  readonly lineage?: string;
}

/**
 * The position in a pool at which this node last gave out an address. Only a hint: it keeps nodes
 * apart, and freed addresses unused for a round. Losing it costs nothing.
 */
export interface Cursors {
  read(pool: string): bigint | undefined;
  /** Computes and stores the next position under a lock, so that processes of one node get different ones. */
  advance(pool: string, next: (current: bigint | undefined) => bigint | undefined): bigint | undefined;
}
