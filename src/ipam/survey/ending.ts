import { isDamage, warnOfDamage } from "../integrity/damage.ts";
import type { Ports } from "../ports.ts";
import type { RecordKind, RefOf } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { RetentionSource } from "../reserve/retention.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { addressOf } from "./address-key.ts";
import type { StoreIndex } from "./store-index.ts";

/** Records of one read. */
const CHUNK = 100;

/** What may end by itself, by the index: reservations of addresses that nobody holds, and owners without any address. */
export function endingIn(index: () => StoreIndex, ports: Ports): RetentionSource {
  return {
    reservations: (options) => readEach(unheld(index()), ports, options),
    owners: (options) => readEach(index().reservations.emptyOwners(), ports, options),
  };
}

function* unheld({ allocations, reservations }: StoreIndex): Iterable<RefOf<"reservation">> {
  for (const { key, space } of reservations.ending())
    if (!allocations.in(space).has(key)) yield refTo.reservation(space, addressOf(key));
}

/** As they are now. One that cannot be read is told and left out. */
async function* readEach<K extends RecordKind>(
  all: Iterable<RefOf<K>>,
  ports: Ports,
  options: CallOptions,
): AsyncGenerator<Entry<K>> {
  const refs = [...all];
  for (let from = 0; from < refs.length; from += CHUNK)
    yield* await readSome(refs.slice(from, from + CHUNK), ports, options);
}

async function readSome<K extends RecordKind>(
  refs: readonly RefOf<K>[],
  ports: Ports,
  options: CallOptions,
): Promise<Entry<K>[]> {
  try {
    const snapshot = await ports.store.read({ refs }, options);
    return refs.flatMap((ref) => {
      const found = snapshot.get(ref);
      return found === undefined ? [] : [{ ref, ...found } as unknown as Entry<K>];
    });
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    warnOfDamage(failure, ports);
    if (refs.length === 1) return [];
    const half = Math.ceil(refs.length / 2);
    const first = await readSome(refs.slice(0, half), ports, options);
    return [...first, ...(await readSome(refs.slice(half), ports, options))];
  }
}
