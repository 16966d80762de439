import type { Database } from "bun:sqlite";
import type { BootClock } from "./boot-clock.ts";

/** One row of the table of records. `boot` and `expires` (seconds since that boot) are set for records that expire. */
export interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly boot: string | null;
  readonly expires: number | null;
}

/** The condition for rows that have not expired, with the parameters of `Moment`. */
export const ALIVE = "(boot is null or (boot = $boot and expires > $now))";

/** The time of one transaction: boot ID and seconds since that boot. */
export interface Moment {
  readonly boot: string;
  readonly now: number;
}

/** The time now. */
export function momentOf(clock: BootClock): Moment {
  return { boot: clock.boot, now: clock.seconds() };
}

/** The row of a key, unless it is absent or has expired. */
export function findRow(database: Database, key: string, clock: BootClock): Row | undefined {
  const row = database
    .query<Row, [string]>("select key, value, revision, boot, expires from records where key = ?")
    .get(key);
  if (row === null) return undefined;
  if (row.boot === null) return row;
  // Only the few records that expire need the clock.
  const { boot, now } = momentOf(clock);
  return row.boot === boot && (row.expires ?? 0) > now ? row : undefined;
}

/** The store's revision, and the oldest revision since which all changes are known. */
export function readState(database: Database): { readonly revision: number; readonly knownSince: number } {
  const row = database
    .query<{ revision: number; knownSince: number }, []>(
      "select revision, known_since as knownSince from state",
    )
    .get();
  if (row === null) throw new Error("its table 'state' is empty");
  return row;
}
