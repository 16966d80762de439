import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import type { Pool } from "../../config/settings/pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Ports } from "../../ipam/ports.ts";
import { type CallOptions, StoreFailure } from "../../ipam/store-port.ts";
import { type Finding, refuse, warn } from "./finding.ts";
import { judgeNumbers } from "./judge-numbers.ts";
import { judgePools } from "./judge-pools.ts";
import { judgeReserved } from "./judge-reserved.ts";
import { judgeSubnets, knownNetworks, networkOfPool } from "./known-networks.ts";
import { readWishes, type Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";
import type { OwnerOf } from "./workload-owner.ts";

/** What the judgement rests on beside the object. */
export interface Grounds {
  readonly ports: Pick<Ports, "store" | "cluster" | "clusterUid">;
  readonly pools: readonly PoolInSpace[];
  /** The address space that is meant where no known network has an address. */
  readonly space: string;
  readonly ownerOf: OwnerOf;
}

/**
 * What is wrong with the addresses that a workload's pods ask for; nothing where they ask for none. A
 * store or a Kubernetes that cannot be asked is a warning: the pods themselves will ask again.
 */
export async function judgeWorkload(
  workload: Workload,
  grounds: Grounds,
  options: CallOptions,
): Promise<Finding[]> {
  const { findings, wishes } = judgeAlone(workload, grounds.pools);
  const asksNothing = wishes.fixed.length === 0 && wishes.sets.length === 0;
  if (asksNothing || findings.some(({ severity }) => severity === "refuse")) return findings;
  return [...findings, ...(await judgeOnStore(workload, wishes, grounds, options))];
}

/** What can be judged without store and Kubernetes. */
export function judgeAlone(
  workload: Workload,
  pools: readonly Pool[],
): { readonly findings: Finding[]; readonly wishes: Wishes } {
  try {
    const wishes = readWishes(workload.annotations);
    const findings = [...judgeNumbers(workload, wishes), ...judgePools(workload, wishes, pools)];
    return { findings, wishes };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return {
      findings: [refuse(`${failure.message}: ${failure.details}`)],
      wishes: { fixed: [], sets: [] },
    };
  }
}

async function judgeOnStore(
  workload: Workload,
  wishes: Wishes,
  { ownerOf, pools, ports, space }: Grounds,
  options: CallOptions,
): Promise<Finding[]> {
  try {
    const used = await knownNetworks(ports.store, options);
    const known = [...used, ...pools.map(networkOfPool)];
    const reserved = await judgeReserved({ workload, wishes, known, space }, ports, ownerOf, options);
    return [...(used.length > 0 ? judgeSubnets(wishes, known) : []), ...reserved];
  } catch (failure) {
    if (!(failure instanceof IpamError || failure instanceof StoreFailure)) throw failure;
    return [warn(`whether others have these addresses could not be looked up: ${failure.message}`)];
  }
}
