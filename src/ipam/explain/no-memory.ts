import type { Journal, StoreMemory } from "../node-port.ts";

/** The journal of one who makes no attachments, and whose node it is not to tell of any. */
export const NO_JOURNAL: Journal = {
  write: () => undefined,
  begin: () => false,
  read: () => undefined,
  remove: () => undefined,
  list: () => [],
};

/** Remembers no store, so that it is never held to one. */
export const NO_STORE_MEMORY: StoreMemory = {
  recall: () => undefined,
  remember: () => undefined,
  accept: () => undefined,
  spaces: () => [],
};
