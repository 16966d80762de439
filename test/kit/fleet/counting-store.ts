import type { Outcome, Snapshot, Store } from "../../../src/ipam/store-port.ts";

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
  // The store is the fleet's: nobody else closes it.
  return { ...store, read, commit, close: async () => undefined };
}
