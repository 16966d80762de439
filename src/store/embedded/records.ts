import type { Database } from "bun:sqlite";
import type { Keys } from "../keys/keys.ts";
import type { BootClock } from "./boot-clock.ts";

/** The records of an open database, in the transaction that the caller has begun. */
export interface Records {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: BootClock;
}
