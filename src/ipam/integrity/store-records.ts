import type { RecordKind } from "../records.ts";
import type { CallOptions, Damage, Entry, Store } from "../store-port.ts";

/** The records of a store, or of one address space of it, as they were read one kind after the other. */
export interface StoreRecords {
  readonly allocations: readonly Entry<"allocation">[];
  readonly attachments: readonly Entry<"attachment">[];
  readonly reservations: readonly Entry<"reservation">[];
  readonly reservedRanges: readonly Entry<"reservedRanges">[];
  readonly owners: readonly Entry<"owner">[];
  readonly networks: readonly Entry<"network">[];
  /** Those that cannot be read: whoever decides by what is absent must look here too. */
  readonly damaged: readonly Damage[];
}

/**
 * Reads all records. Kinds are read one after the other, so that a change between two of them may
 * make records seem to contradict each other: what looks wrong is to be read again.
 *
 * @param seen is told how many records were read so far.
 * @throws StoreFailure.
 */
export async function readRecords(
  store: Store,
  options: CallOptions,
  seen: (count: number) => void = () => undefined,
): Promise<StoreRecords> {
  let count = 0;
  const damaged: Damage[] = [];
  const past = { ...options, damaged: (damage: Damage) => void damaged.push(damage) };
  const all = async <K extends RecordKind>(kind: K): Promise<Entry<K>[]> => {
    const entries: Entry<K>[] = [];
    for await (const entry of store.list<K>({ kind }, past)) {
      entries.push(entry);
      seen(++count);
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
