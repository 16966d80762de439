import { remembered } from "../../address/remembered.ts";
import { firstHolding } from "../../address/segments.ts";
import type { Pool } from "../../config/settings/pools.ts";
import { poolIntervals } from "../../config/settings/pools.ts";
import { requireNamespaces } from "../../ipam/plan/policy.ts";
import { type Finding, refuse } from "./finding.ts";
import { refusalIn } from "./refusal-in.ts";
import type { Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";

/** Addresses of a pool that this namespace may not name, by the policy that an ADD obeys. */
export function judgePools(
  { namespace }: Workload,
  { fixed, sets }: Wishes,
  pools: readonly Pool[],
): Finding[] {
  const asked = [
    ...fixed.map(({ address, source }) => ({ address, source })),
    ...sets.flatMap(({ intervals, source }) => intervals.map(({ first: address }) => ({ address, source }))),
  ];
  const poolWith = poolFinder(pools);
  return asked.flatMap(({ address, source }) => {
    const pool = poolWith(address);
    const refusal = pool && refusalIn(() => requireNamespaces(pool.policy, namespace, true));
    return refusal === undefined ? [] : [refuse(`${source}: ${refusal.message}: ${refusal.details}`)];
  });
}

const poolFinder = remembered((pools: readonly Pool[]) => firstHolding(pools, poolIntervals));
