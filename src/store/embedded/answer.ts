import type { RecordOf, Ref } from "../../ipam/records.ts";
import type { Query, Snapshot, Versioned } from "../../ipam/store-port.ts";
import { decodeRecord } from "./record-text.ts";
import type { Records } from "./records.ts";
import { findRow, readState } from "./rows.ts";
import { countTaken, lookForTaken } from "./taken.ts";

/** Answers a query, as the caller's transaction sees the records. @throws StoreFailure damaged */
export function answer(records: Records, { refs = [], windows = [], counts = [] }: Query): Snapshot {
  const { database, keys, clock } = records;
  const found = new Map<string, Versioned<unknown>>();
  for (const ref of refs) {
    const row = findRow(database, keys.keyOf(ref), clock);
    if (row !== undefined)
      found.set(row.key, { record: decodeRecord(ref.kind, row.key, row.value), revision: row.revision });
  }
  return {
    revision: readState(database).revision,
    get: <R extends Ref>(ref: R) => found.get(keys.keyOf(ref)) as Versioned<RecordOf<R>> | undefined,
    windows: windows.map((window) => lookForTaken(records, window)),
    counts: counts.map((span) => countTaken(records, span)),
  };
}
