import type { RecordKind } from "../../../src/ipam/records.ts";
import type { ListScope, Outcome, Snapshot, Store, WatchOptions } from "../../../src/ipam/store-port.ts";

/** What was asked of a store. */
export interface Counts {
  reads: number;
  commits: number;
  /** Commits whose guards did not hold. */
  lost: number;
}

/** The store for one caller, whose calls it counts: each is a round trip, a lost commit too. */
export function countingStore(store: Store, counts: Counts): Store {
  const read: Store["read"] = (query, options): Promise<Snapshot> => {
    counts.reads += 1;
    return store.read(query, options);
  };
  const commit: Store["commit"] = async (transaction, options): Promise<Outcome> => {
    counts.commits += 1;
    const outcome = await store.commit(transaction, options);
    if (!outcome.won) counts.lost += 1;
    return outcome;
  };
  return {
    description: store.description,
    read,
    commit,
    list: (scope, options) => store.list(scope, options),
    watch: <K extends RecordKind>(scope: ListScope<K>, since: number, options: WatchOptions) =>
      store.watch(scope, since, options),
    requireWritable: (options) => store.requireWritable(options),
    endpoint: () => store.endpoint?.(),
    // The fleet's: nobody else closes it.
    close: async () => undefined,
  };
}
