import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions, Store } from "../../ipam/store-port.ts";

/**
 * Checks that the credentials may write, by a record that nobody needs: an API server judges a write only when it
 * comes. An empty list of reserved ranges says what its absence says.
 *
 * @throws StoreFailure refused.
 */
export async function tryWriting(store: Store, space: string, options: CallOptions): Promise<void> {
  const ref = refTo.reservedRanges(space);
  const found = (await store.read({ refs: [ref] }, options)).get(ref);
  await store.commit(
    {
      guards: [{ ref, revision: found?.revision ?? 0 }],
      puts: [{ ref, record: found?.record ?? { version: 1, ranges: [] } }],
      deletes: [],
    },
    options,
  );
}
