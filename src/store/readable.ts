import type { RecordKind, RecordTypes, Ref } from "../ipam/records.ts";
import { type ListOptions, StoreFailure } from "../ipam/store-port.ts";

/**
 * What a listing or a watch makes of one record: undefined where it is damaged and somebody hears of it.
 *
 * @throws StoreFailure damaged where nobody does.
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
