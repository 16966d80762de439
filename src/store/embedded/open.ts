import type { Database } from "bun:sqlite";
import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import type { RecordKind } from "../../ipam/records.ts";
import {
  type CallOptions,
  type Change,
  type Entry,
  type ListScope,
  type Outcome,
  type Query,
  type Snapshot,
  type Store,
  StoreFailure,
  type Transaction,
  type WatchOptions,
} from "../../ipam/store-port.ts";
import { after, type Keys, makeKeys } from "../etcd/keys.ts";
import { inScope } from "../scope.ts";
import { type BootClock, bootClock } from "./boot-clock.ts";
import { openDatabase } from "./database.ts";
import { Records } from "./records.ts";
import { isBusy, troubleOf } from "./trouble.ts";

const PAGE = 500;
const POLL_MS = 50;

/**
 * The store of one node: one SQLite file in `dataDir`, shared by all its processes.
 *
 * @throws StoreFailure unwritable (read-only, corrupt, newer schema) or no-space, naming the file.
 */
export async function openEmbeddedStore(
  settings: EmbeddedSettings,
  clock: BootClock = bootClock(),
): Promise<Store> {
  const { database, file } = openDatabase(settings.dataDir);
  return new EmbeddedStore(database, file, settings.dataDir, clock);
}

class EmbeddedStore implements Store {
  readonly description;
  readonly #database: Database;
  readonly #file: string;
  readonly #keys: Keys = makeKeys("");
  readonly #records: Records;

  constructor(database: Database, file: string, location: string, clock: BootClock) {
    this.description = { kind: "embedded", location, prefix: "" } as const;
    this.#database = database;
    this.#file = file;
    this.#records = new Records(database, this.#keys, clock);
  }

  read(query: Query, options: CallOptions): Promise<Snapshot> {
    return this.#transact("begin", options, () => this.#records.answer(query));
  }

  commit(transaction: Transaction, options: CallOptions): Promise<Outcome> {
    return this.#transact("begin immediate", options, (): Outcome => {
      if (this.#records.guardsHold(transaction))
        return { won: true, revision: this.#records.write(transaction) };
      const { otherwise } = transaction;
      return { won: false, ...(otherwise && { snapshot: this.#records.answer(otherwise) }) };
    });
  }

  async *list<K extends RecordKind>(scope: ListScope<K>, options: CallOptions): AsyncIterable<Entry<K>> {
    const range = this.#keys.scopeOf(scope);
    let first = range.first;
    for (;;) {
      const rows = await this.#transact("begin", options, () =>
        this.#records.page({ first, end: range.end }, PAGE),
      );
      for (const { key, value, revision } of rows) {
        const ref = this.#keys.refOf(key);
        if (ref === undefined || !inScope(scope, ref)) continue;
        yield { ref, record: this.#records.decode<K>(key, value), revision };
      }
      const last = rows[rows.length - 1];
      if (rows.length < PAGE || last === undefined) return;
      first = after(last.key);
    }
  }

  async *watch<K extends RecordKind>(
    scope: ListScope<K>,
    since: number,
    { signal }: WatchOptions,
  ): AsyncIterable<Change<K>> {
    let seen = since;
    while (!signal.aborted) {
      const changes = await this.#transact("begin", { deadline: performance.now() + 10_000 }, () =>
        this.#records.changesSince(seen),
      );
      if (changes === undefined) {
        throw new StoreFailure(
          "history-lost",
          `the store ${this.#file} no longer knows the changes since ${seen}`,
        );
      }
      for (const { key, value, revision } of changes) {
        seen = revision;
        const ref = this.#keys.refOf(key);
        if (ref === undefined || !inScope(scope, ref)) continue;
        yield { ref, revision, ...(value !== null && { record: this.#records.decode<K>(key, value) }) };
      }
      if (changes.length === 0) await pause(POLL_MS, signal);
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** Tries again, without blocking the process, while others write; gives up at the deadline. */
  async #transact<T>(begin: string, { deadline }: CallOptions, work: () => T): Promise<T> {
    for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
      try {
        return this.#attempt(begin, work);
      } catch (failure) {
        if (!isBusy(failure) || performance.now() + wait >= deadline) throw troubleOf(failure, this.#file);
        await pause(wait * (0.5 + Math.random()));
      }
    }
  }

  #attempt<T>(begin: string, work: () => T): T {
    this.#database.run(begin);
    try {
      const result = work();
      this.#database.run("commit");
      return result;
    } catch (failure) {
      if (this.#database.inTransaction) this.#database.run("rollback");
      throw failure;
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
