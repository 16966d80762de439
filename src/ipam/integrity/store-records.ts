import type { RecordKind } from "../records.ts";
import type { CallOptions, Damage, Entry, Store } from "../store-port.ts";

/** The records of a store, or of one of its address spaces, read one kind after the other. */
export interface StoreRecords {
  readonly allocations: readonly Entry<"allocation">[];
  readonly attachments: readonly Entry<"attachment">[];
  readonly reservations: readonly Entry<"reservation">[];
  readonly reservedRanges: readonly Entry<"reservedRanges">[];
  readonly owners: readonly Entry<"owner">[];
  readonly networks: readonly Entry<"network">[];
  /** Records that cannot be read. A caller that decides by the absence of a record must check these too. */
  readonly damaged: readonly Damage[];
}

/**
 * Reads all records, one kind after the other. A change between two kinds can make records seem to
 * contradict each other: a caller reads again before it reports a fault.
 *
 * @param onRead is called with the number of records read so far.
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
