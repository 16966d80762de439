import type { RecordKind, RecordTypes } from "../../ipam/records.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { toBytes, toText } from "../keys/bytes.ts";
import { missingMember } from "../record-members.ts";

/** A record as JSON. */
export function encodeRecord(record: RecordTypes[RecordKind]): Uint8Array<ArrayBuffer> {
  return toBytes(JSON.stringify(record));
}

/**
 * Decodes a record, with unknown fields and of any version, which the caller judges. To read a damaged
 * record as "absent" would give its address away.
 *
 * @throws StoreFailure damaged for anything but a JSON object with a version and what its kind needs.
 */
export function decodeRecord<K extends RecordKind>(kind: K, key: string, value: Uint8Array): RecordTypes[K] {
  const record = parse(value);
  const isObject = typeof record === "object" && record !== null && "version" in record;
  const missing = isObject ? missingMember(kind, record) : undefined;
  if (isObject && missing === undefined) return record as RecordTypes[K];
  const problem = missing ? `its member ${missing} is damaged` : "expected a JSON object with a version";
  throw new StoreFailure(
    "damaged",
    `the record at ${key} in etcd cannot be read: ${problem}`,
    "look at it with etcdctl get, and repair or delete it",
  );
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(toText(value));
  } catch {
    return undefined;
  }
}
