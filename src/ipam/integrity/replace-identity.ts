import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Versioned } from "../store-port.ts";

/** Reads the store's identity; undefined where it has none. @throws StoreFailure */
export async function readIdentity(
  { store }: Pick<Ports, "store">,
  options: CallOptions,
): Promise<Versioned<MetaRecord> | undefined> {
  return (await store.read({ refs: [refTo.meta] }, options)).get(refTo.meta);
}

/**
 * Writes the store's identity where it still is what was read (GUARDED).
 *
 * @param present as it was read; undefined where there was none.
 * @returns false where another process changed it meanwhile.
 * @throws StoreFailure.
 */
export async function replaceIdentity(
  record: MetaRecord,
  present: Pick<Versioned<MetaRecord>, "revision"> | undefined,
  { store }: Pick<Ports, "store">,
  options: CallOptions,
): Promise<boolean> {
  const guards = [{ ref: refTo.meta, revision: present?.revision ?? 0 }];
  const puts = [{ ref: refTo.meta, record }];
  return (await store.commit({ guards, puts, deletes: [] }, options)).won;
}
