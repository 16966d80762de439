import { statSync } from "node:fs";
import { pause } from "../../ipam/pause.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { OpenedDatabase } from "./database.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import type { SpareSpace } from "./spare-space.ts";
import {
  closedStore,
  commitTroubleOf,
  isBusy,
  lateStore,
  newerSchema,
  replacedFile,
  troubleOf,
} from "./trouble.ts";

/** A "write" excludes other writers from its beginning, so that what it reads stays true. */
export type Manner = "read" | "write";

const BEGIN = { read: "begin", write: "begin immediate" } as const;
const LONGEST_WAIT_MS = 10;

/** Runs work on the database, each piece in a transaction of its own. */
export class Transactions {
  readonly #opened: OpenedDatabase;
  readonly #spare: SpareSpace;
  readonly #identity: string;
  #closed = false;

  constructor(opened: OpenedDatabase, spare: SpareSpace) {
    this.#opened = opened;
    this.#spare = spare;
    this.#identity = identityOf(opened.file);
  }

  /**
   * Performs `work`, which must not wait for anything, in one step: where it throws, nothing is written.
   * While other processes write, it tries again until the deadline, without blocking this process.
   *
   * @param mayUseSpare whether the work may use the space that is kept for a full disk.
   * @throws StoreFailure
   */
  async run<T>(manner: Manner, { deadline }: CallOptions, work: () => T, mayUseSpare = false): Promise<T> {
    let last: unknown;
    for (let wait = 1; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      if (performance.now() >= deadline) throw lateStore(this.#opened.file, last);
      try {
        return this.#attempt(manner, work);
      } catch (failure) {
        const trouble = troubleOf(failure, this.#opened.file);
        const again = trouble.kind === "no-space" && mayUseSpare && this.#spare.give();
        if (!again && !isBusy(failure)) throw trouble;
        last = failure;
      }
      await pause(wait * (0.5 + Math.random()));
    }
  }

  /** Closes the database; later calls fail. */
  close(): void {
    this.#closed = true;
    this.#opened.database.close();
  }

  #attempt<T>(manner: Manner, work: () => T): T {
    this.#requireUsable();
    const { database, file } = this.#opened;
    database.query(BEGIN[manner]).run();
    try {
      const version = schemaVersion(database);
      if (version !== SCHEMA_VERSION) throw newerSchema(file, version, SCHEMA_VERSION);
      const result = work();
      this.#commit();
      return result;
    } catch (failure) {
      if (database.inTransaction) database.run("rollback");
      throw failure;
    }
  }

  #commit(): void {
    try {
      this.#opened.database.query("commit").run();
    } catch (failure) {
      throw isBusy(failure) ? failure : commitTroubleOf(failure, this.#opened.file);
    }
  }

  /** Refuses a file that was removed or replaced: writes to it would be lost silently. */
  #requireUsable(): void {
    if (this.#closed) throw closedStore(this.#opened.file);
    if (identityOf(this.#opened.file) !== this.#identity) throw replacedFile(this.#opened.file);
  }
}

function identityOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.dev}:${found.ino}`;
}
