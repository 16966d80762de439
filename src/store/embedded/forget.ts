import type { Database } from "bun:sqlite";
import type { Records } from "./records.ts";
import { type Moment, momentOf } from "./rows.ts";

/** So many revisions back, watches can still learn of deletions. */
const KEPT_REVISIONS = 10_000;
/** Expired records removed at a time. */
const PORTION = 256;

const EXPIRED = "boot is not null and (boot <> $boot or expires <= $now)";

/** Whether the table still holds an expired record. */
export function hasExpired({ database, clock }: Records): boolean {
  const { boot, now } = momentOf(clock);
  return (
    database
      .query<{ key: string }, [Moments]>(`select key from records where ${EXPIRED} limit 1`)
      .get({ boot, now }) !== null
  );
}

/** Removes some expired records, as deleted at `revision`, so that watches see it. */
export function removeExpired({ database, clock }: Records, revision: number): void {
  const rows = database
    .query<{ id: number; key: string }, [Moments]>(
      `select id, key from records where ${EXPIRED} limit ${PORTION}`,
    )
    .all({ ...momentOf(clock) });
  for (const { id, key } of rows) {
    database.query("delete from records where id = ?").run(id);
    database.query("insert into deletions (key, revision) values (?, ?)").run(key, revision);
  }
}

/** Removes old deletions. A watch that lags further behind fails with "history-lost". */
export function forgetOldDeletions(database: Database, revision: number): void {
  const oldest = revision - KEPT_REVISIONS;
  if (oldest <= 1) return;
  database.query("delete from deletions where revision < ?").run(oldest);
  database.query("update state set known_since = ?").run(oldest);
}

type Moments = Record<keyof Moment, string | number>;
