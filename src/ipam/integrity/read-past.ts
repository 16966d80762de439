import type { RecordOf, Ref } from "../records.ts";
import type { ListOptions, Store, Versioned } from "../store-port.ts";
import { isDamage } from "./damage.ts";

/** References of one read, well within the 128 parts that every store answers. */
const PER_READ = 100;

/**
 * Reads records, as many at once as every store answers. What cannot be read is told as in a listing, and is
 * absent. Each part is as of one moment.
 *
 * @throws StoreFailure.
 */
export async function readPast<R extends Ref>(
  refs: readonly R[],
  store: Pick<Store, "read">,
  options: ListOptions,
): Promise<(Versioned<RecordOf<R>> | undefined)[]> {
  const found: (Versioned<RecordOf<R>> | undefined)[] = [];
  for (let start = 0; start < refs.length; start += PER_READ)
    found.push(...(await readPart(refs.slice(start, start + PER_READ), store, options)));
  return found;
}

async function readPart<R extends Ref>(
  refs: readonly R[],
  store: Pick<Store, "read">,
  options: ListOptions,
): Promise<(Versioned<RecordOf<R>> | undefined)[]> {
  const { damaged } = options;
  try {
    const snapshot = await store.read({ refs }, options);
    return refs.map((ref) => snapshot.get(ref));
  } catch (failure) {
    if (damaged === undefined || !isDamage(failure)) throw failure;
    const [ref] = refs;
    if (refs.length === 1 && ref !== undefined) {
      damaged({ ref, failure });
      return [undefined];
    }
    const half = refs.length >> 1;
    return [
      ...(await readPart(refs.slice(0, half), store, options)),
      ...(await readPart(refs.slice(half), store, options)),
    ];
  }
}
