import type { StoreRecords } from "../integrity/store-records.ts";
import type { RecordKind } from "../records.ts";
import type { CallOptions, Damage, Entry, Store } from "../store-port.ts";

/**
 * Reads all records of a store, one kind after the other: what a streamed audit is compared with.
 *
 * @throws StoreFailure.
 */
export async function readRecords(
  store: Store,
  options: CallOptions,
  onRead: (count: number) => void = () => undefined,
): Promise<StoreRecords> {
  let count = 0;
  const damaged: Damage[] = [];
  const past = { ...options, damaged: (damage: Damage) => void damaged.push(damage) };
  const all = async <K extends RecordKind>(kind: K): Promise<Entry<K>[]> => {
    const entries: Entry<K>[] = [];
    for await (const entry of store.list<K>({ kind }, past)) {
      entries.push(entry);
      onRead(++count);
    }
    return entries;
  };
  return {
    networks: await all("network"),
    reservedRanges: await all("reservedRanges"),
    owners: await all("owner"),
    reservations: await all("reservation"),
    allocations: await all("allocation"),
    attachments: await all("attachment"),
    damaged,
  };
}
