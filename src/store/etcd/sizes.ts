import type { Transaction } from "../../ipam/store-port.ts";
import type { Keys } from "../keys/keys.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import { encodeRecord } from "./record-json.ts";

/** Adds what was too large to the message of a "too-large" failure. Returns every other failure as it is. */
export function withSizes(failure: unknown, keys: Keys, { puts }: Transaction): unknown {
  if (!(failure instanceof EtcdFailure) || failure.trouble !== "too-large") return failure;
  const sizes = puts.map(({ ref, record }) => ({ key: keys.keyOf(ref), bytes: encodeRecord(record).length }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const [largest] = sizes.sort((one, other) => other.bytes - one.bytes);
  const part = largest === undefined ? "" : `, the record at ${largest.key} alone ${largest.bytes}`;
  const { kind, mayHaveHappened, message, remedy, trouble } = failure;
  return new EtcdFailure(
    kind,
    { trouble, mayHaveHappened },
    `${message} (its records have ${total} bytes${part})`,
    remedy,
  );
}
