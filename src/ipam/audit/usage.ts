import type { Address, Family } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { lastIndex } from "../../address/last-index.ts";
import { neverGivenOut, type Rules } from "../../address/not-allowed.ts";
import { dynamicPools, type Pool, poolOf } from "../../address/pool.ts";

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

/** What counts as taken in each space. */
export interface Taken {
  /** The addresses of one kind of record: their values, each once, in any order. */
  values(kind: TakenKind, space: string, family: Family): Iterable<AddressValue>;
  /** Reserved ranges of both families. */
  ranges(space: string): readonly Interval[];
}

export type TakenKind = "allocation" | "reservation" | "cooling";

/** IPv4 as a number: a hundred thousand of them are sorted and searched in no time. */
export type AddressValue = number | bigint;

/** Counts each giver's addresses, per family. Each range costs the logarithm of how many addresses are taken. */
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
  const sorted = (...kinds: readonly TakenKind[]) =>
    inOrder(kinds.flatMap((kind) => [...taken.values(kind, space, family)]));
  const ranges = poolOf(taken.ranges(space).filter(({ first }) => first.family === family));
  const isInRanges = (value: AddressValue) =>
    ranges.positionOf({ family, value: BigInt(value) }) !== undefined;
  const beside = (values: readonly AddressValue[]) =>
    ranges.size === 0n ? values : values.filter((value) => !isInRanges(value));
  const allocated = sorted("allocation");
  const reserved = beside(sorted("reservation"));
  const cooling = sorted("cooling");
  const used = beside(once(sorted("allocation", "reservation")));
  return {
    allocated: (pool: Pool) => countIn(allocated, pool),
    reserved: (pool: Pool) => countIn(reserved, pool) + shared(ranges, pool),
    cooling: (pool: Pool) => countIn(cooling, pool),
    used: (pool: Pool) => countIn(used, pool) + shared(ranges, pool),
  };
}

function inOrder(values: readonly AddressValue[]): readonly AddressValue[] {
  if (values.every((value) => typeof value === "number")) return Array.from(Float64Array.from(values).sort());
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function once(sorted: readonly AddressValue[]): readonly AddressValue[] {
  return sorted.filter((value, index) => value !== sorted[index - 1]);
}

/** How many of the sorted values are in the pool. */
function countIn(sorted: readonly AddressValue[], { intervals }: Pool): bigint {
  const upTo = (limit: bigint) => lastIndex(sorted.length, (index) => (sorted[index] ?? 0) <= limit) + 1;
  const count = intervals.reduce(
    (sum, { first, last }) => sum + upTo(last.value) - upTo(first.value - 1n),
    0,
  );
  return BigInt(count);
}

/** How many addresses two pools share. */
function shared(ranges: Pool, pool: Pool): bigint {
  if (ranges.size === 0n) return 0n;
  const upTo = (address: Address) => ranges.lastPositionUpTo(address);
  return pool.intervals.reduce(
    (sum, { first, last }) => sum + upTo(last) - upTo({ ...first, value: first.value - 1n }),
    0n,
  );
}
