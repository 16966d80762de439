import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions, Store } from "../../ipam/store-port.ts";

/**
 * Checks that the credentials may write, without writing: etcd checks the rights of a transaction before
 * its comparisons, so one whose comparison never holds is enough.
 *
 * @throws StoreFailure refused.
 */
export async function tryWriting(store: Store, space: string, options: CallOptions): Promise<void> {
  const ref = refTo.reservedRanges(space);
  const never = { ref: refTo.meta, revision: Number.MAX_SAFE_INTEGER } as const;
  await store.commit(
    { guards: [never], puts: [{ ref, record: { version: 1, ranges: [] } }], deletes: [] },
    options,
  );
}
