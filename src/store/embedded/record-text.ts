import type { RecordKind, RecordTypes } from "../../ipam/records.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { missingMember } from "../record-members.ts";

/**
 * Decodes a record of any version.
 *
 * @throws StoreFailure damaged when it is not JSON, or lacks what its kind needs: another program wrote it.
 */
export function decodeRecord<K extends RecordKind>(kind: K, key: string, text: string): RecordTypes[K] {
  const record = parse(key, text);
  const missing = typeof record === "object" && record !== null ? missingMember(kind, record) : "version";
  if (missing === undefined) return record as RecordTypes[K];
  throw damaged(key, `damaged in its member ${missing}`);
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(key, "not JSON");
  }
}

function damaged(key: string, how: string): StoreFailure {
  return new StoreFailure(
    "damaged",
    `the record ${key} in the store is ${how}`,
    "restore the store from a backup, or delete this record with 'sqlite3' if no pod uses its address",
  );
}
