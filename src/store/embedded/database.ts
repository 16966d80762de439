import { constants, Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { pause } from "../../ipam/pause.ts";
import { makeFile, syncFolders } from "./folder.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { storeFile } from "./store-file.ts";
import { busyStore, isBusy, newerSchema, troubleOf } from "./trouble.ts";

/** Frames in the log after which a commit moves them into the file: 1 MiB. */
const CHECKPOINT_PAGES = 256;
const LOG_LIMIT_BYTES = CHECKPOINT_PAGES * 4096;

/**
 * Opens the store's file in `folder`, creating and migrating it as needed; many processes may do so
 * at once. Every commit is on the disk before it is answered: write-ahead log, synchronous.
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
  // Before the migration, so that whoever finds the schema done finds the names safe too.
  syncFolders(file);
  database.run("pragma journal_mode = wal");
  migrate(database);
}

function configure(database: Database, file: string): void {
  // "extra" is "full" for the log; it matters only where the file system cannot do with a log.
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
