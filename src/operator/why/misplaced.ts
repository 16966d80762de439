import { CAPS } from "../../address/caps.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Owner } from "../../ipam/records.ts";
import { misplacedKeys, templatePlace } from "../../ipam/wish/template-place.ts";
import type { WorkloadAbove } from "../../kubernetes/objects/workloads-above.ts";
import type { ClusterAccess } from "../cluster-access.ts";

/** Annotations of ours on a workload itself, which its pod does not have. */
export interface Misplaced {
  readonly owner: Owner;
  readonly keys: readonly string[];
  readonly place: string;
}

/** What the workloads above a pod ask for in the wrong place; nothing where Kubernetes does not show them. */
export async function misplacedAbove(
  pod: PodFacts,
  access: Pick<ClusterAccess, "workloadsAbove">,
  deadline: number,
): Promise<Misplaced[]> {
  try {
    return misplacedIn(pod, await access.workloadsAbove(pod, deadline));
  } catch (failure) {
    if (failure instanceof IpamError) return [];
    throw failure;
  }
}

/** The uppermost counts: a Deployment's own annotations are copied to its ReplicaSets. */
function misplacedIn({ annotations }: PodFacts, above: readonly WorkloadAbove[]): Misplaced[] {
  const told = new Set<string>();
  return above.toReversed().flatMap(({ owner, annotations: own }) => {
    const untold = Object.keys(own).filter((key) => !told.has(key));
    const keys = misplacedKeys(untold, annotations, CAPS.findings);
    for (const key of keys) told.add(key);
    return keys.length === 0 ? [] : [{ owner, keys, place: templatePlace(owner.kind) }];
  });
}
