import type { Journal, StoreMemory, Witnesses } from "../node-port.ts";

/** An empty journal, for callers that make no attachments. */
export const NO_JOURNAL: Journal = {
  write: () => undefined,
  begin: () => false,
  read: () => undefined,
  remove: () => undefined,
  list: () => [],
};

/** No witnesses, for callers that hold nothing. */
export const NO_WITNESSES: Witnesses = {
  note: () => undefined,
  newest: () => [],
  forget: () => undefined,
};

/** Remembers no store, so that ONE-STORE accepts every store. */
export const NO_STORE_MEMORY: StoreMemory = {
  recall: () => undefined,
  remember: () => undefined,
  accept: () => undefined,
  spaces: () => [],
};
