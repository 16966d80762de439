import type { Database } from "bun:sqlite";
import type { Keys } from "../keys/keys.ts";
import type { BootClock } from "./boot-clock.ts";

/** What a query is about: an open database, in whatever transaction the caller has begun. */
export interface Records {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: BootClock;
}
