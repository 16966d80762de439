import type { Address, Family } from "../../address/address.ts";
import { type Interval, oneAddress } from "../../address/interval.ts";
import { neverGivenOut, type Rules } from "../../address/not-allowed.ts";
import { dynamicPools, type Pool, poolOf } from "../../address/pool.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import { intervalOf } from "../reserve/reserved-ranges.ts";
import type { Entry } from "../store-port.ts";

/** A pool, or a network in one address space, that gives out addresses. */
export interface Giver {
  readonly source: "pool" | "network";
  readonly name: string;
  readonly space: string;
  /** What it gives out is what one of these does: a network's name may have several definitions. */
  readonly rules: readonly Rules[];
}

/** Counts of the addresses of one family that one giver gives out dynamically. */
export interface Usage extends Pick<Giver, "source" | "name" | "space"> {
  readonly family: Family;
  readonly size: bigint;
  readonly allocated: bigint;
  /** One address may be allocated and reserved at once. */
  readonly reserved: bigint;
  readonly cooling: bigint;
  /** Neither allocated nor reserved; cooling addresses are given out when nothing else is free. */
  readonly free: bigint;
}

/** The records that count as taken. */
export interface Taken extends Pick<StoreRecords, "allocations" | "reservations" | "reservedRanges"> {
  readonly cooling: readonly Entry<"cooling">[];
}

/** Counts each giver's addresses, per family. Each range costs the logarithm of the number of records. */
export function usageOf(givers: readonly Giver[], taken: Taken): Usage[] {
  const countedIn = new Map<string, ReturnType<typeof countersOf>>();
  return givers.flatMap((giver) =>
    families(giver).map(({ family, pool }) => {
      const key = `${family} ${giver.space}`;
      const counters = countedIn.get(key) ?? countersOf(taken, giver.space, family);
      countedIn.set(key, counters);
      const { name, source, space } = giver;
      const used = counters.used(pool);
      return {
        source,
        name,
        space,
        family,
        size: pool.size,
        allocated: counters.allocated(pool),
        reserved: counters.reserved(pool),
        cooling: counters.cooling(pool),
        free: pool.size - used,
      };
    }),
  );
}

function families(giver: Giver): { family: Family; pool: Pool }[] {
  const intervals = giver.rules.flatMap((rules) => {
    const never = neverGivenOut(rules);
    return rules.sets.flatMap((set) => dynamicPools(set, never)).flatMap((pool) => pool.intervals);
  });
  return ([4, 6] as const)
    .map((family) => ({ family, pool: poolOf(intervals.filter(({ first }) => first.family === family)) }))
    .filter(({ pool }) => pool.size > 0n);
}

function countersOf(taken: Taken, space: string, family: Family) {
  const single = (entries: readonly { readonly ref: { space: string; address: Address } }[]): Interval[] =>
    entries.flatMap(({ ref: { address, space: of } }) =>
      of === space && address.family === family ? [oneAddress(address)] : [],
    );
  const ranges = taken.reservedRanges
    .filter(({ ref }) => ref.space === space)
    .flatMap(({ record }) => record.ranges.map(intervalOf))
    .filter(({ first }) => first.family === family);
  const allocated = single(taken.allocations);
  const reserved = [...single(taken.reservations), ...ranges];
  return {
    allocated: counter(allocated),
    reserved: counter(reserved),
    cooling: counter(single(taken.cooling)),
    used: counter([...allocated, ...reserved]),
  };
}

/** A function that counts a pool's addresses in these intervals. */
function counter(intervals: readonly Interval[]): (pool: Pool) => bigint {
  const counted = poolOf(intervals);
  const upTo = (address: Address) => counted.lastPositionUpTo(address);
  return (pool) =>
    pool.intervals.reduce(
      (sum, { first, last }) => sum + upTo(last) - upTo({ ...first, value: first.value - 1n }),
      0n,
    );
}
