import type { Database } from "bun:sqlite";

/**
 * One table of records by key, in the order of their keys, and what was deleted lately (for
 * watches). `boot` and `expires` (seconds since that boot) are set for records that vanish by
 * themselves. The pair in `state` is the store's revision and the oldest one whose changes are
 * still known.
 */
const STEPS: readonly string[] = [
  `create table records (
     key text primary key, value text not null, revision integer not null, boot text, expires real
   ) without rowid;
   create index records_by_revision on records (revision);
   create table deletions (key text not null, revision integer not null);
   create index deletions_by_revision on deletions (revision);
   create table state (id integer primary key check (id = 1), revision integer not null, known_since integer not null);
   insert into state (id, revision, known_since) values (1, 1, 1);`,
];

/** The schema that this program writes, as SQLite's user_version has it. */
export const SCHEMA_VERSION = STEPS.length;

export function schemaVersion(database: Database): number {
  const row = database.query<{ user_version: number }, []>("pragma user_version").get();
  return row?.user_version ?? 0;
}

/** Brings an older or a new file to SCHEMA_VERSION, in one transaction; safe for many processes at once. */
export function migrate(database: Database): void {
  database.run("begin immediate");
  try {
    const from = schemaVersion(database);
    for (const step of STEPS.slice(from)) database.run(step);
    if (from < SCHEMA_VERSION) database.run(`pragma user_version = ${SCHEMA_VERSION}`);
    database.run("commit");
  } catch (failure) {
    if (database.inTransaction) database.run("rollback");
    throw failure;
  }
}
