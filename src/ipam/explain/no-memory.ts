import type { Journal, StoreMemory } from "../node-port.ts";

/** An empty journal, for callers that make no attachments. */
export const NO_JOURNAL: Journal = {
  write: () => undefined,
  begin: () => false,
  read: () => undefined,
  remove: () => undefined,
  list: () => [],
};

/** Remembers no store, so that ONE-STORE accepts every store. */
export const NO_STORE_MEMORY: StoreMemory = {
  recall: () => undefined,
  remember: () => undefined,
  accept: () => undefined,
  spaces: () => [],
};
