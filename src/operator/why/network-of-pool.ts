import { type Interval, overlaps } from "../../address/interval.ts";
import type { RangeSet } from "../../address/range.ts";
import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import type { Network } from "../../ipam/network.ts";

/**
 * A network that the store remembers, as it is by now where its addresses are a pool's: with the pool's ranges and
 * policy. No network but those of the pool may have its subnets (docs/design.md section 7), and no two pools of a space
 * share addresses, so that the addresses tell the pool.
 */
export function networkOfPool(network: Network, pools: readonly PoolInSpace[]): Network {
  const own = intervalsOf(network.sets);
  const pool = pools.find(
    (each) =>
      each.space === network.space &&
      intervalsOf(each.sets).some((theirs) => own.some((interval) => overlaps(theirs, interval))),
  );
  if (pool === undefined) return network;
  const { exclude, policy, sets } = pool.network;
  return { ...network, sets, exclude: [...network.exclude, ...exclude], ...(policy && { policy }) };
}

function intervalsOf(sets: readonly RangeSet[]): Interval[] {
  return sets.flatMap(({ ranges }) =>
    ranges.flatMap(({ dynamic, fixed }) => (fixed === undefined ? [dynamic] : [dynamic, fixed])),
  );
}
