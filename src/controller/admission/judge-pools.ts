import { intervalContains } from "../../address/interval.ts";
import type { Pool } from "../../config/settings/pools.ts";
import { poolIntervals } from "../../config/settings/pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import { requireNamespaces } from "../../ipam/plan/policy.ts";
import { type Finding, refuse } from "./finding.ts";
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
  return asked.flatMap(({ address, source }) => {
    const pool = pools.find((each) =>
      poolIntervals(each).some((interval) => intervalContains(interval, address)),
    );
    const refusal = pool && refusalOf(pool, namespace);
    return refusal === undefined ? [] : [refuse(`${source}: ${refusal.message}: ${refusal.details}`)];
  });
}

function refusalOf({ policy }: Pool, namespace: string): IpamError | undefined {
  try {
    requireNamespaces(policy, namespace, true);
    return undefined;
  } catch (failure) {
    if (failure instanceof IpamError) return failure;
    throw failure;
  }
}
