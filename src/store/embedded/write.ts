import type { Put, Transaction } from "../../ipam/store-port.ts";
import { forgetOldDeletions, removeExpired } from "./forget.ts";
import type { Records } from "./records.ts";
import { findRow, momentOf, readState } from "./rows.ts";

/** Revisions between two removals of old rows. Few, so that no ADD removes many. */
const REVISIONS_PER_ROUND = 64;

/** Whether all guards of a transaction hold. */
export function guardsHold({ database, keys, clock }: Records, { guards }: Transaction): boolean {
  return guards.every(
    ({ ref, revision }) => (findRow(database, keys.keyOf(ref), clock)?.revision ?? 0) === revision,
  );
}

/** Performs all writes of a transaction at the next revision. Returns that revision. */
export function write(records: Records, { puts, deletes }: Transaction): number {
  const { database, keys } = records;
  const revision = nextRevision(records);
  for (const ref of deletes) remove(records, keys.keyOf(ref), revision);
  for (const { ref, record, seconds } of puts) put(records, keys.keyOf(ref), record, revision, seconds);
  if (revision % REVISIONS_PER_ROUND === 0) {
    removeExpired(records, revision);
    forgetOldDeletions(database, revision);
  }
  return revision;
}

/** Counts the store's revision up, and returns it. */
export function nextRevision({ database }: Records): number {
  const revision = readState(database).revision + 1;
  database.query("update state set revision = ?").run(revision);
  return revision;
}

function put(
  { database, clock }: Records,
  key: string,
  record: Put["record"],
  revision: number,
  seconds: number | undefined,
): void {
  const { boot, now } = seconds === undefined ? { boot: null, now: 0 } : momentOf(clock);
  const expires = seconds === undefined ? null : now + seconds;
  database
    .query(
      `insert into records (key, value, revision, boot, expires) values (?, ?, ?, ?, ?)
       on conflict (key) do update set
         value = excluded.value, revision = excluded.revision, boot = excluded.boot, expires = excluded.expires`,
    )
    .run(key, JSON.stringify(record), revision, boot, expires);
}

function remove({ database }: Records, key: string, revision: number): void {
  const { changes } = database.query("delete from records where key = ?").run(key);
  if (changes > 0) database.query("insert into deletions (key, revision) values (?, ?)").run(key, revision);
}
