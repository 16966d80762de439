import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { newerSchema, troubleOf } from "./trouble.ts";

const FILE_NAME = "kube-ipam.db";

export interface OpenedDatabase {
  readonly database: Database;
  readonly file: string;
}

/**
 * Opens the store's file in `folder`, creating and migrating it as needed; many processes may do so
 * at once. Every commit is on the disk before it is answered: write-ahead log, synchronous=FULL.
 *
 * @throws StoreFailure unwritable or no-space, naming the file.
 */
export function openDatabase(folder: string): OpenedDatabase {
  const file = `${folder}/${FILE_NAME}`;
  try {
    const isNew = !existsSync(file);
    if (isNew) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = new Database(file, { create: true, readwrite: true, strict: true });
    prepare(database, file);
    if (isNew) makeDurable(folder, file);
    return { database, file };
  } catch (failure) {
    throw troubleOf(failure, file);
  }
}

function prepare(database: Database, file: string): void {
  // Creation and migration wait for one another here; later calls wait without blocking the process.
  database.run("pragma busy_timeout = 5000");
  const version = schemaVersion(database);
  if (version > SCHEMA_VERSION) {
    database.close();
    throw newerSchema(file, version, SCHEMA_VERSION);
  }
  if (version < SCHEMA_VERSION) {
    database.run("pragma journal_mode = wal");
    migrate(database);
  }
  database.run("pragma synchronous = full");
  database.run("pragma busy_timeout = 20");
}

/** A new file is only safe from a power cut once its folder's entry is on the disk too. */
function makeDurable(folder: string, file: string): void {
  chmodSync(file, 0o600);
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
