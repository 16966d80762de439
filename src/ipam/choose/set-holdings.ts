import type { Address } from "../../address/address.ts";
import { type Interval, isWithin } from "../../address/interval.ts";
import { isDamage, warnOfDamage } from "../integrity/damage.ts";
import type { OpenTarget } from "../plan/target.ts";
import type { AllocationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Attempt } from "../view/attempt.ts";
import { cursorName } from "../view/cursor.ts";

/** How many addresses of a set one try looks at: every set that anybody lists by hand, and a part of a /16. */
const MOST_SEEN = 8_192n;
/** Records a read: what every store answers. */
const PER_READ = 128;

/** One address of a set and who holds it. Without an allocation, somebody else has reserved it. */
export interface Holding {
  readonly address: Address;
  /** In the set as a whole, its parts one after the other. */
  readonly position: bigint;
  readonly allocation?: AllocationRecord;
}

/** A part of a set, as large as one try looks at. */
export interface Holdings {
  readonly seen: readonly Holding[];
  readonly total: bigint;
  /** The first that this try leaves to the next one. */
  readonly unseen?: Pick<Holding, "position">;
}

/**
 * Reads who holds the addresses of a set, from where the last try of this node ended: slice by slice, so that
 * nobody's set costs more than a bounded number of reads, and a few tries see all of the largest.
 *
 * @param besides addresses that the ADD takes for other range sets.
 * @throws StoreFailure.
 */
export async function readHoldings(
  attempt: Attempt,
  target: OpenTarget,
  besides: readonly Interval[],
): Promise<Holdings> {
  const total = target.pools.reduce((sum, { size }) => sum + size, 0n);
  const start = (attempt.ports.node.cursors.read(cursorOf(attempt, target)) ?? 0n) % total;
  const seen: Holding[] = [];
  let slice: Holding[] = [];
  for (let step = 0n; step < total && step < MOST_SEEN; step++) {
    const position = (start + step) % total;
    const address = addressAt(target, position);
    if (address !== undefined && !isWithin(address, besides)) slice.push({ address, position });
    if (slice.length < PER_READ && step + 1n < total) continue;
    seen.push(...(await readSlice(attempt, slice)));
    slice = [];
  }
  seen.push(...(await readSlice(attempt, slice)));
  return { seen, total, ...(total > MOST_SEEN && { unseen: { position: (start + MOST_SEEN) % total } }) };
}

/** The slice with its allocations, without those whose record is damaged: such an address counts as held. */
async function readSlice(attempt: Attempt, slice: readonly Holding[]): Promise<readonly Holding[]> {
  if (slice.length === 0) return [];
  const { ports, request, options } = attempt;
  const refs = slice.map(({ address }) => refTo.allocation(request.network.space, address));
  try {
    const snapshot = await ports.store.read({ refs }, options);
    return slice.map((holding, index) => {
      const ref = refs[index];
      const record = ref && snapshot.get(ref)?.record;
      return record === undefined ? holding : { ...holding, allocation: record };
    });
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    warnOfDamage(failure, ports);
    if (slice.length === 1) return [];
    const half = Math.ceil(slice.length / 2);
    return [
      ...(await readSlice(attempt, slice.slice(0, half))),
      ...(await readSlice(attempt, slice.slice(half))),
    ];
  }
}

/** Lets the next try of this node look where this one has not. */
export function goOnAt(attempt: Attempt, target: OpenTarget, position: bigint): void {
  attempt.ports.node.cursors.advance(cursorOf(attempt, target), () => position);
}

/** Where tries to find a holder that is gone or leaving go on; not where addresses are given out. */
function cursorOf({ request }: Attempt, { pools }: OpenTarget): string {
  const [pool] = pools;
  if (pool === undefined) throw new Error("a set has at least one address");
  return `set_${cursorName(pool, request.network.space)}`;
}

function addressAt({ pools }: OpenTarget, position: bigint): Address | undefined {
  let rest = position;
  for (const pool of pools) {
    if (rest < pool.size) return pool.at(rest);
    rest -= pool.size;
  }
  return undefined;
}
