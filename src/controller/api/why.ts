import { AbsentError } from "../../command-line/failure.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { workloadsAbove } from "../../kubernetes/objects/workloads-above.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { dataOf } from "../../operator/why/data.ts";
import { sectionsOf } from "../../operator/why/sections.ts";
import { answerFor } from "../../operator/why/why.ts";
import type { Why } from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import { object } from "./objects.ts";
import { toldAnswer } from "./told-answer.ts";

/** The controller may not read definitions, nor does it know the pools of the pod's node. */
const definedNetwork: Cluster["definedNetwork"] = async () => ({
  kind: "unreadable",
  why: "kube-ipam why on a node or with a kubeconfig reads it, the controller does not",
});

/**
 * Why a pod has its addresses, or none yet, as the pod's own node would see it. Networks are those that
 * the store remembers, with the policy of the pools in force here. Who has another namespace's addresses stays untold.
 *
 * @returns undefined when neither Kubernetes nor the store knows the pod.
 * @throws IpamError, StoreFailure.
 */
export async function whyOf(
  pod: PodId,
  { api, inventory, pools, ports }: ControllerContext,
  options: CallOptions,
): Promise<Why | undefined> {
  const { clusterNames: names } = ports;
  const cluster: Cluster = { ...ports.cluster, definedNetwork };
  const definition = async () => undefined;
  const access: ClusterAccess = {
    cluster,
    inventory,
    definition,
    workloadsAbove: (live, deadline) => workloadsAbove(live, api, deadline),
    names,
    source: "the controller",
  };
  try {
    const found = await answerFor(pod, { ports, options, access, configured: [], pools: pools.inForce });
    const answer = await toldAnswer(found, ports, options);
    return {
      ...object("Why", pod.name, pod.namespace),
      answer: dataOf(answer),
      sections: sectionsOf(answer),
    };
  } catch (failure) {
    if (failure instanceof AbsentError) return undefined;
    throw failure;
  }
}
