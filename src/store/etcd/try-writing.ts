import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions, Store } from "../../ipam/store-port.ts";

/**
 * etcd judges a transaction's rights before it compares anything: one that never holds shows whether
 * writing is allowed, and writes nothing.
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
