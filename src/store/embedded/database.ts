import { constants, Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { pause } from "../../ipam/pause.ts";
import { makeFile, syncFolders } from "./folder.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { storeFile } from "./store-file.ts";
import { busyStore, isBusy, newerSchema, troubleOf } from "./trouble.ts";

/** After so many pages in the log, a commit moves them into the file: 1 MiB. */
const CHECKPOINT_PAGES = 256;
const LOG_LIMIT_BYTES = CHECKPOINT_PAGES * 4096;

/**
 * Opens the store's file in `folder`, and creates or migrates it as needed; many processes may do so at
 * once. A commit returns when it is on the disk (write-ahead log, synchronous).
 *
 * @param deadline milliseconds of performance.now().
 * @throws StoreFailure unavailable, unwritable or no-space, naming the file.
 */
export async function openDatabase(folder: string, deadline: number): Promise<OpenedDatabase> {
  const file = storeFile(folder);
  for (;;) {
    try {
      return tryOpen(file);
    } catch (failure) {
      if (!isBusy(failure)) throw troubleOf(failure, file);
    }
    if (performance.now() >= deadline) throw busyStore(file);
    await pause(1 + 9 * Math.random());
  }
}

/** An open database, and the path of its file. */
export interface OpenedDatabase {
  readonly database: Database;
  readonly file: string;
}

function tryOpen(file: string): OpenedDatabase {
  if (!existsSync(file)) makeFile(file);
  const database = new Database(file, { readwrite: true, create: false, strict: true });
  try {
    bringUpToDate(database, file);
    configure(database, file);
    return { database, file };
  } catch (failure) {
    database.close();
    throw failure;
  }
}

function bringUpToDate(database: Database, file: string): void {
  const version = schemaVersion(database);
  if (version > SCHEMA_VERSION) throw newerSchema(file, version, SCHEMA_VERSION);
  if (version === SCHEMA_VERSION) return;
  // Before the migration, so that a process that finds the new schema finds the names on the disk too.
  syncFolders(file);
  database.run("pragma journal_mode = wal");
  migrate(database);
}

function configure(database: Database, file: string): void {
  // "extra" equals "full" with the log; it matters only on a file system that supports no log.
  database.run(
    `pragma synchronous = extra; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};
     pragma journal_size_limit = ${LOG_LIMIT_BYTES}`,
  );
  // The last process leaves an emptied log behind instead of deleting it: a fifth less time per ADD.
  database.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1);
  // Processes that are all killed before they close never empty it.
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 4 * LOG_LIMIT_BYTES) database.run("pragma wal_checkpoint(truncate)");
}
