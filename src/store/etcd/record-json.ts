import type { RecordKind, RecordTypes } from "../../ipam/records.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { toBytes, toText } from "./bytes.ts";

export function encodeRecord(record: RecordTypes[RecordKind]): Uint8Array<ArrayBuffer> {
  return toBytes(JSON.stringify(record));
}

/**
 * A record as it was written, unknown fields and newer versions included: what to do with those is
 * decided where the record is used. Anything but a JSON object with a version is refused: reading it
 * as "absent" would give its address away.
 */
export function decodeRecord<K extends RecordKind>(key: string, value: Uint8Array): RecordTypes[K] {
  const record = parse(value);
  if (typeof record === "object" && record !== null && "version" in record) return record as RecordTypes[K];
  throw new StoreFailure(
    "unwritable",
    `the record at ${key} in etcd cannot be read: expected a JSON object with a version`,
    "Look at it with etcdctl get, and repair or delete it.",
  );
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(toText(value));
  } catch {
    return undefined;
  }
}
