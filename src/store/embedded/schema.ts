import type { Database } from "bun:sqlite";

/**
 * Records by key, what was deleted lately (for watches), and in `state` the store's revision and
 * the oldest one whose changes are still known. `boot` and `expires` (seconds since that boot) are
 * set for records that expire.
 *
 * Only add steps, and never change one: files of released versions look as their steps say.
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
  // Keys have an index without the values: looking at a thousand taken addresses reads 15 pages, not 150.
  `alter table records rename to records_1;
   create table records (
     id integer primary key, key text not null unique, value text not null, revision integer not null,
     boot text, expires real
   );
   insert into records (key, value, revision, boot, expires)
     select key, value, revision, boot, expires from records_1;
   drop table records_1;
   create index records_by_revision on records (revision);
   create index records_by_expiry on records (boot, expires) where boot is not null;`,
];

/** The schema that this program writes, as SQLite's user_version. */
export const SCHEMA_VERSION = STEPS.length;

/** The schema of a file; 0 for an empty one. */
export function schemaVersion(database: Database): number {
  const row = database.query<{ user_version: number }, []>("pragma user_version").get();
  return row?.user_version ?? 0;
}

/**
 * Brings an older or empty file to the schema `target`, in one transaction: a second process finds the work
 * done. A failure leaves the file as it was.
 *
 * @param target another version only in tests, which make old files with it.
 */
export function migrate(database: Database, target: number = SCHEMA_VERSION): void {
  database.run("begin immediate");
  try {
    const from = schemaVersion(database);
    for (const step of STEPS.slice(from, target)) database.run(step);
    if (from < target) database.run(`pragma user_version = ${target}`);
    database.run("commit");
  } catch (failure) {
    if (database.inTransaction) database.run("rollback");
    throw failure;
  }
}
