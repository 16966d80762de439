import type { Database } from "bun:sqlite";
import type { Records } from "./records.ts";
import { type Moment, momentOf } from "./rows.ts";

/** Revisions whose deletions watches can still be told of. */
const KEPT_REVISIONS = 10_000;
/** Expired records removed at a time. */
const PORTION = 256;

const EXPIRED = "boot is not null and (boot <> $boot or expires <= $now)";

/** Whether a record has expired that is still in its table. */
export function hasExpired({ database, clock }: Records): boolean {
  const { boot, now } = momentOf(clock);
  return (
    database
      .query<{ key: string }, [Moments]>(`select key from records where ${EXPIRED} limit 1`)
      .get({ boot, now }) !== null
  );
}

/** Removes some of what has expired, as if it were deleted at `revision`: watches hear of it. */
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

/** Watches that lag further behind than this are told so ("history-lost"). */
export function forgetOldDeletions(database: Database, revision: number): void {
  const oldest = revision - KEPT_REVISIONS;
  if (oldest <= 1) return;
  database.query("delete from deletions where revision < ?").run(oldest);
  database.query("update state set known_since = ?").run(oldest);
}

type Moments = Record<keyof Moment, string | number>;
