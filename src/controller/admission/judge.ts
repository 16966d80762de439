import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { IpamError, inFull } from "../../ipam/errors.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { type Finding, refuse, warn } from "./finding.ts";
import { inTime } from "./in-time.ts";
import { judgeApart } from "./judge-apart.ts";
import { judgeGateways } from "./judge-gateways.ts";
import { judgeNumbers } from "./judge-numbers.ts";
import { judgeOwner } from "./judge-owner.ts";
import { judgePools } from "./judge-pools.ts";
import { judgeReserved, type ReservedContext } from "./judge-reserved.ts";
import { judgeSuffixes } from "./judge-suffixes.ts";
import { judgeSubnets, knownNetworks, networkOfPool } from "./known-networks.ts";
import { readWishes, type Wishes } from "./wishes.ts";
import type { Workload } from "./workload.ts";

/** What a workload is judged by. */
export interface JudgeContext extends Pick<ReservedContext, "ports" | "ownerOf" | "space" | "options"> {
  readonly pools: readonly PoolInSpace[];
}

/**
 * What is wrong with the addresses that a workload's pods ask for; nothing where they ask for none. A
 * store or a Kubernetes that does not answer is a warning: the pods' own ADDs will ask again.
 */
export async function judgeWorkload(workload: Workload, context: JudgeContext): Promise<Finding[]> {
  const { findings, wishes } = judgeAlone(workload, context.pools);
  const asksNothing = wishes.fixed.length === 0 && wishes.sets.length === 0;
  if (asksNothing || findings.some(({ severity }) => severity === "refuse")) return findings;
  return [...findings, ...(await judgeOnStore(workload, wishes, context))];
}

/** What can be judged without store and Kubernetes. */
export function judgeAlone(
  workload: Workload,
  pools: readonly PoolInSpace[],
): { readonly findings: Finding[]; readonly wishes: Wishes } {
  try {
    const wishes = readWishes(workload.annotations);
    const findings = [
      ...judgeOwner(workload),
      ...judgeNumbers(workload, wishes),
      ...judgePools(workload, wishes, pools),
    ];
    return { findings, wishes };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return {
      findings: [refuse(inFull(failure))],
      wishes: { fixed: [], sets: [] },
    };
  }
}

async function judgeOnStore(workload: Workload, wishes: Wishes, context: JudgeContext): Promise<Finding[]> {
  try {
    await inTime(context.options.deadline);
    const used = await knownNetworks(context.ports.store, context.options);
    const known = [...used, ...context.pools.map(networkOfPool)];
    const reserved = await judgeReserved(wishes, { ...context, workload, known });
    const places = [...judgeSubnets(wishes, known), ...judgeSuffixes(wishes, workload.annotations, known)];
    const apart = judgeApart(workload, wishes, known);
    return [...apart, ...(used.length > 0 ? places : []), ...judgeGateways(wishes, known), ...reserved];
  } catch (failure) {
    if (!(failure instanceof IpamError || failure instanceof StoreFailure)) throw failure;
    return [warn(`cannot look up whether these addresses are held or reserved: ${failure.message}`)];
  }
}
