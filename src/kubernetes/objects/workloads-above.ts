import type { PodFacts } from "../../ipam/cluster-port.ts";
import type { Owner } from "../../ipam/records.ts";
import type { Api } from "../api/api.ts";
import { controllerOf, ownerFrom } from "./owner-reference.ts";
import { kindOf } from "./owner-state.ts";
import { isFault } from "./sound-reference.ts";

/** A workload above a pod, with the annotations that stand on it itself. */
export interface WorkloadAbove {
  readonly owner: Owner;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A CronJob's Job's pod, a Deployment's ReplicaSet's pod; and one more of other programs. */
const MOST = 3;

/**
 * The workloads above a pod, its controller first, by references and their UIDs. Ends where one is gone
 * or replaced, or may not be read, or cannot be.
 *
 * @throws IpamError tryAgain.
 */
export async function workloadsAbove(pod: PodFacts, api: Api, deadline: number): Promise<WorkloadAbove[]> {
  const above: WorkloadAbove[] = [];
  let reference = controllerOf(pod.ownerReferences);
  while (reference !== undefined && !isFault(reference) && above.length < MOST) {
    const owner = ownerFrom(pod.namespace, reference);
    const kind = await kindOf(owner, api, deadline);
    const object =
      kind && (await api.tryGet(kind, { namespace: owner.namespace, name: owner.name }, deadline));
    if (object === undefined || object.metadata.uid !== owner.uid) break;
    const { annotations, ownerReferences } = object.metadata;
    above.push({ owner, annotations });
    reference = controllerOf(ownerReferences);
  }
  return above;
}
