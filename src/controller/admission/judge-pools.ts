import type { Address } from "../../address/address.ts";
import { remembered } from "../../address/remembered.ts";
import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { type IpamError, inFull } from "../../ipam/errors.ts";
import type { Network } from "../../ipam/network.ts";
import { networksGiving } from "../../ipam/plan/nameable.ts";
import { requireNamespaces } from "../../ipam/plan/policy.ts";
import { type Finding, refuse } from "./finding.ts";
import { refusalIn } from "./refusal-in.ts";
import type { Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";

/** Addresses of a pool that this namespace may not name, by the policy that an ADD obeys. */
export function judgePools(
  { namespace }: Workload,
  { fixed, sets }: Wishes,
  pools: readonly PoolInSpace[],
): Finding[] {
  const asked = [
    ...fixed.map(({ address, source }) => ({ address, source })),
    ...sets.flatMap(({ intervals, source }) => intervals.map(({ first: address }) => ({ address, source }))),
  ];
  const networks = networksOf(pools);
  return asked.flatMap(({ address, source }) => {
    const refusal = refusalOf(address, namespace, networks);
    return refusal === undefined ? [] : [refuse(`${source}: ${inFull(refusal)}`)];
  });
}

const networksOf = remembered((pools: readonly PoolInSpace[]) => pools.map(({ network }) => network));

/** Which of the pools with that address is meant, in which space, only the pod's network says: one that lets it is enough. */
function refusalOf(address: Address, namespace: string, networks: readonly Network[]): IpamError | undefined {
  const refusals = networksGiving(address, networks).map(({ policy }) =>
    policy === undefined ? undefined : refusalIn(() => requireNamespaces(policy, namespace, true)),
  );
  return refusals.includes(undefined) ? undefined : refusals[0];
}
