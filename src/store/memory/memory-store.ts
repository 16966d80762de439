import type { Address } from "../../address/address.ts";
import { sortableText } from "../../address/sortable.ts";
import type { RecordKind, RecordOf, RecordTypes, Ref } from "../../ipam/records.ts";
import { refKey } from "../../ipam/ref-key.ts";
import {
  type AnyChange,
  type CallOptions,
  type Change,
  type Entry,
  type ListOptions,
  type ListScope,
  type Outcome,
  type Query,
  type Snapshot,
  type Store,
  StoreFailure,
  type StoreFailureKind,
  type Transaction,
  type Versioned,
  type WatchOptions,
} from "../../ipam/store-port.ts";
import { requireOnePutEach } from "../one-put-each.ts";
import { readable } from "../readable.ts";
import { inScope } from "../scope.ts";
import { TakenIndex } from "./taken-index.ts";

/** A failure that a test wants once, at the next commit, read or watch. */
export interface Fault {
  readonly on: "read" | "commit" | "watch";
  readonly kind: StoreFailureKind;
  /** For a commit: whether it writes before it fails. */
  readonly applied?: boolean;
}

/** A Store in memory, with what tests need. */
export interface MemoryStore extends Store {
  /** The faults to come, in this order. */
  readonly faults: Fault[];
  /** Every commit so far, for tests that check guards. */
  readonly commits: Transaction[];
  /** While true, puts are refused with "no-space"; transactions without puts pass. */
  full: boolean;
  /** Damages a record, as another program that writes into the store could. */
  damage(ref: Ref): void;
  /** The store as it is now, as a backup keeps it. */
  save(): SavedMemory;
  /**
   * The store is what it was, under a new connection: at the revision that it had then, or, as etcd's guide
   * recommends, moved on above all that anybody has seen. Each record keeps the revision of its last change.
   */
  restore(saved: SavedMemory, options?: { readonly movedOn?: boolean; readonly lineage?: string }): void;
  /** Every caller's connection ends, and the next read makes a new one. */
  disconnect(): void;
}

/** A state of a memory store. */
export interface SavedMemory {
  readonly revision: number;
  readonly records: ReadonlyMap<string, unknown>;
}

/** Time and scheduling of a memory store. */
export interface MemoryOptions {
  /** Seconds, for cooling; default: real time. */
  readonly now?: () => number;
  /** Called before each read and commit: tests interleave callers here. */
  readonly pause?: () => Promise<void>;
  /** What the store's servers call themselves. */
  readonly lineage?: string;
  /** Snapshots name their connection, as those of etcd do. */
  readonly connects?: boolean;
  /** Snapshots tell a lower bound of the revision where the query does not need more, as those of Kubernetes do. */
  readonly bounds?: boolean;
  /** It lies in the cluster whose pods it serves. */
  readonly ofCluster?: true;
}

const EXPIRY_CHECK_MS = 20;
const DAMAGED = Symbol("damaged");

interface Stored {
  readonly ref: Ref;
  readonly record: RecordTypes[RecordKind] | typeof DAMAGED;
  readonly revision: number;
  readonly expires?: number;
}

/** A change; without a record where that was deleted or expired. */
type Happened = Pick<Stored, "ref" | "revision"> & Partial<Pick<Stored, "record">>;

/** Makes a Store in memory, for unit and model tests, which control its faults and its time. */
export function createMemoryStore(options: MemoryOptions = {}): MemoryStore {
  const now = options.now ?? (() => performance.now() / 1000);
  const stored = new Map<string, Stored>();
  const index = new TakenIndex();
  /** Keys of the records that expire. */
  const expiring = new Set<string>();
  let history: Happened[] = [];
  const waiting = new Set<() => void>();
  let revision = 1;
  let highest = 1;
  let connection = 1;
  let { lineage } = options;
  const place = options.ofCluster && { ofCluster: options.ofCluster };

  function find(ref: Ref): Stored | undefined {
    const entry = stored.get(refKey(ref));
    return entry && isLiving(entry) ? entry : undefined;
  }

  function isLiving({ expires }: Stored): boolean {
    return expires === undefined || expires > now();
  }

  function living(): Stored[] {
    return [...stored.values()].filter(isLiving);
  }

  function keep(key: string, entry: Stored): void {
    stored.set(key, entry);
    index.add(entry.ref);
    if (entry.expires === undefined) expiring.delete(key);
    else expiring.add(key);
  }

  function remove(ref: Ref): boolean {
    const key = refKey(ref);
    index.remove(ref);
    expiring.delete(key);
    return stored.delete(key);
  }

  function revisionOf(ref: Ref): number | undefined {
    return find(ref)?.revision;
  }

  function answer(query: Query): Snapshot {
    const found = new Map<string, Versioned<unknown>>();
    for (const ref of query.refs ?? []) {
      const entry = find(ref);
      if (entry !== undefined) found.set(refKey(ref), { record: decode(entry), revision: entry.revision });
    }
    const { counts = [], exact, windows = [] } = query;
    const isBound = options.bounds === true && exact !== true && windows.length + counts.length === 0;
    return {
      revision: isBound ? Math.max(0, ...Array.from(found.values(), (each) => each.revision)) : revision,
      ...(isBound && { atLeast: true }),
      ...(lineage !== undefined && { lineage }),
      ...(options.connects === true && { connection }),
      get: <R extends Ref>(ref: R) => found.get(refKey(ref)) as Versioned<RecordOf<R>> | undefined,
      windows: windows.map((window) => index.look(window, revisionOf)),
      counts: counts.map((span) => index.count(span, revisionOf)),
    };
  }

  /** Expired records are absent at once; watches hear of it when somebody looks. */
  function forgetExpired(): void {
    const gone = [...expiring].flatMap((key) => {
      const entry = stored.get(key);
      return entry === undefined || isLiving(entry) ? [] : [entry];
    });
    if (gone.length > 0) revision++;
    for (const { ref } of gone) {
      remove(ref);
      history.push({ ref, revision });
    }
  }

  function apply({ puts, deletes }: Transaction): void {
    revision++;
    for (const ref of deletes) {
      if (remove(ref)) history.push({ ref, revision });
    }
    for (const { ref, record: written, seconds } of puts) {
      const record = asJson(written);
      keep(refKey(ref), {
        ref,
        record,
        revision,
        ...(seconds !== undefined && { expires: now() + seconds }),
      });
      history.push({ ref, record, revision });
    }
    for (const wake of waiting) wake();
  }

  const store: MemoryStore = {
    description: { kind: "memory", location: "memory", prefix: "", shared: true, foresees: true, ...place },
    faults: [],
    commits: [],
    full: false,

    damage(ref: Ref) {
      const entry = { ref, record: DAMAGED, revision: ++revision } as const;
      keep(refKey(ref), entry);
      history.push(entry);
      for (const wake of waiting) wake();
    },

    async read(query: Query, { deadline }: CallOptions) {
      await options.pause?.();
      requireTime(deadline);
      if (store.faults[0]?.on === "read") throw failure(store.faults.shift());
      return answer(query);
    },

    async commit(transaction: Transaction, { deadline }: CallOptions): Promise<Outcome> {
      await options.pause?.();
      requireTime(deadline);
      store.commits.push(transaction);
      requireDistinct(transaction);
      const fault = store.faults[0]?.on === "commit" ? store.faults.shift() : undefined;
      if (fault !== undefined && fault.applied !== true) throw failure(fault);
      if (store.full && transaction.puts.length > 0) throw failure({ on: "commit", kind: "no-space" });
      const over = transaction.connection;
      if (options.connects === true && over !== undefined && over !== connection) return { won: false };
      const won = transaction.guards.every((guard) => (find(guard.ref)?.revision ?? 0) === guard.revision);
      if (won) apply(transaction);
      if (fault !== undefined) throw failure(fault);
      if (won) return { won, revision, ...(lineage !== undefined && { lineage }) };
      return { won, ...(transaction.otherwise && { snapshot: answer(transaction.otherwise) }) };
    },

    save: () => ({ revision, records: new Map(stored) }),

    restore({ revision: at, records }, { movedOn = false, lineage: next } = {}) {
      highest = Math.max(highest, revision);
      revision = movedOn ? highest + 1_000 : at;
      stored.clear();
      index.clear();
      expiring.clear();
      for (const [key, entry] of records) keep(key, entry as Stored);
      history = [];
      lineage = next ?? lineage;
      connection++;
      for (const wake of waiting) wake();
    },

    disconnect() {
      connection++;
      for (const wake of waiting) wake();
    },

    async requireWritable({ deadline }: CallOptions) {
      requireTime(deadline);
      if (store.full) throw failure({ on: "commit", kind: "no-space" });
    },

    async *list<K extends RecordKind>(scope: ListScope<K>, { damaged, deadline }: ListOptions) {
      requireTime(deadline);
      const entries = living().filter(({ ref }) => inScope(scope, ref));
      entries.sort((a, b) => compareRefs(a.ref, b.ref));
      for (const entry of entries) {
        const ref = entry.ref as Entry<K>["ref"];
        const record = readable<K>(ref, () => decode(entry), damaged);
        if (record !== undefined) yield { ref, record, revision: entry.revision };
      }
    },

    async count(scope, { deadline }: CallOptions) {
      requireTime(deadline);
      return living().filter(({ ref }) => inScope(scope, ref)).length;
    },

    async spaces({ deadline }: CallOptions) {
      requireTime(deadline);
      const found = new Set(living().flatMap(({ ref }) => ("space" in ref ? [ref.space] : [])));
      return [...found].sort();
    },

    watch<K extends RecordKind>(scope: ListScope<K>, since: number, watched: WatchOptions) {
      return follow((ref) => inScope(scope, ref), since, watched) as AsyncIterable<Change<K>>;
    },

    changes<K extends RecordKind>(kinds: readonly K[], since: number, watched: WatchOptions) {
      const all: readonly RecordKind[] = kinds;
      return follow(({ kind }) => all.includes(kind), since, watched) as AsyncIterable<AnyChange<K>>;
    },

    async close() {},
  };
  return store;

  async function* follow(
    isWanted: (ref: Ref) => boolean,
    since: number,
    { damaged, keysOnly = false, signal, stands }: WatchOptions,
  ): AsyncGenerator<Change<RecordKind>> {
    if (store.faults[0]?.on === "watch") throw failure(store.faults.shift());
    let over = connection;
    let told = history;
    stands?.(true, options.connects === true ? over : undefined);
    let next = history.findIndex((change) => change.revision > since);
    if (next === -1) next = history.length;
    while (!signal.aborted) {
      forgetExpired();
      if (over !== connection) {
        over = connection;
        // What is there after a restoration, nobody tells; only what happens from then on.
        if (told !== history) next = 0;
        told = history;
        stands?.(false);
        stands?.(true, options.connects === true ? over : undefined);
      }
      const change = history[next];
      if (change === undefined) await changed(signal, waiting);
      else {
        next++;
        const { ref, record, revision: changedAt } = change;
        if (!isWanted(ref)) continue;
        const present = record !== undefined;
        if (keysOnly || !present) yield { ref, revision: changedAt, present };
        else {
          const read = readable<RecordKind>(ref, () => decode({ ref, record }), damaged);
          if (read !== undefined) yield { ref, revision: changedAt, present, record: read };
        }
      }
    }
  }
}

/** Until something was written, or might have expired, or nobody wants to know any more. */
function changed(signal: AbortSignal, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake);
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, EXPIRY_CHECK_MS);
    waiting.add(wake);
    signal.addEventListener("abort", wake);
  });
}

function decode<K extends RecordKind>({ ref, record }: Pick<Stored, "ref" | "record">): RecordTypes[K] {
  if (record !== DAMAGED) return record as RecordTypes[K];
  throw new StoreFailure("damaged", `the record ${refKey(ref)} in memory cannot be read`, "repair it");
}

/** What every other store makes of a record: what JSON cannot say is lost, or refused. */
function asJson<T>(record: T): T {
  return JSON.parse(JSON.stringify(record));
}

/** The keys of two families may interleave. */
function inOrderOfKeys(a: Address, b: Address): number {
  if (a.family === b.family) return a.value === b.value ? 0 : a.value < b.value ? -1 : 1;
  return sortableText(a) < sortableText(b) ? -1 : 1;
}

function compareRefs(a: Ref, b: Ref): number {
  if ("address" in a && "address" in b && a.space === b.space) return inOrderOfKeys(a.address, b.address);
  return refKey(a) < refKey(b) ? -1 : 1;
}

/** Stricter than the port asks: what is both put and deleted is a mistake, too. */
function requireDistinct(transaction: Transaction): void {
  requireOnePutEach(transaction);
  const keys = [...transaction.puts.map(({ ref }) => refKey(ref)), ...transaction.deletes.map(refKey)];
  if (new Set(keys).size !== keys.length)
    throw new Error(`a transaction puts and deletes a record: ${keys.join(" ")}`);
}

function requireTime(deadline: number): void {
  if (performance.now() >= deadline) throw failure({ on: "read", kind: "unavailable" });
}

function failure(fault: Fault | undefined): StoreFailure {
  return new StoreFailure(fault?.kind ?? "unavailable", `memory store: ${fault?.kind ?? "unavailable"}`);
}
