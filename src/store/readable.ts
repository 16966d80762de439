import type { RecordKind, RecordTypes, Ref } from "../ipam/records.ts";
import { type ListOptions, StoreFailure } from "../ipam/store-port.ts";

/**
 * Decodes one record for a listing or a watch. A damaged record is reported to `damaged`, and undefined.
 *
 * @throws StoreFailure damaged where there is no `damaged`.
 */
export function readable<K extends RecordKind>(
  ref: Ref,
  decode: () => RecordTypes[K],
  damaged: ListOptions["damaged"],
): RecordTypes[K] | undefined {
  try {
    return decode();
  } catch (failure) {
    if (damaged === undefined || !(failure instanceof StoreFailure) || failure.kind !== "damaged")
      throw failure;
    damaged({ ref, failure });
    return undefined;
  }
}
