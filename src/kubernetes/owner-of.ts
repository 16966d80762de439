import type { OwnerFacts, OwnerReference, PodFacts } from "../ipam/cluster-port.ts";
import { IpamError } from "../ipam/errors.ts";
import type { Owner } from "../ipam/records.ts";
import type { Api } from "./api.ts";
import { groupOf, JOBS, type Kind, REPLICA_SETS, STATEFUL_SETS } from "./kinds.ts";
import { ownerFrom } from "./owner-reference.ts";
import type { AnyObject } from "./shapes.ts";
import { machineOf } from "./virtual-machine.ts";

/**
 * The owner that outlives the pod: the Deployment of its ReplicaSet, the CronJob of its Job, the
 * virtual machine of its instance, else the controller itself, else the pod by its name. Follows
 * references by UID, never labels or names that anybody can choose.
 *
 * @throws IpamError as the Cluster port says; tryAgain when a StatefulSet's pod outlives it.
 */
export async function ownerOf(pod: PodFacts, api: Api, deadline: number): Promise<OwnerFacts> {
  const controller = pod.ownerReferences.find((reference) => reference.controller);
  // A static pod's mirror is controlled by its Node, which owns no addresses.
  if (controller === undefined || controller.kind === "Node") return { owner: podByName(pod) };
  switch (`${groupOf(controller.apiVersion)}/${controller.kind}`) {
    case "apps/ReplicaSet":
      return { owner: await ownerAbove(REPLICA_SETS, pod, controller, api, deadline) };
    case "batch/Job":
      return { owner: await ownerAbove(JOBS, pod, controller, api, deadline) };
    case "apps/StatefulSet":
      return ordinalOf(pod, controller, api, deadline);
    case "kubevirt.io/VirtualMachineInstance":
      return machineOf(pod, controller, api, deadline);
    default:
      return { owner: ownerFrom(pod.namespace, controller) };
  }
}

/** A bare pod that is made again under its name is the same owner. */
function podByName({ name, namespace }: PodFacts): Owner {
  return { kind: "Pod", namespace, name };
}

async function ownerAbove(
  kind: Kind<AnyObject>,
  { namespace }: PodFacts,
  controller: OwnerReference,
  api: Api,
  deadline: number,
): Promise<Owner> {
  const object = await api.getBuiltIn(kind, { namespace, name: controller.name }, deadline);
  const same = object?.metadata.uid === controller.uid;
  const above = same ? object.metadata.ownerReferences.find((reference) => reference.controller) : undefined;
  return ownerFrom(namespace, above ?? controller);
}

async function ordinalOf(
  { name, namespace }: PodFacts,
  controller: OwnerReference,
  api: Api,
  deadline: number,
): Promise<OwnerFacts> {
  const set = await api.getBuiltIn(STATEFUL_SETS, { namespace, name: controller.name }, deadline);
  if (set?.metadata.uid !== controller.uid) {
    throw new IpamError(
      "tryAgain",
      `StatefulSet ${namespace}/${controller.name} of pod ${name} is gone or was replaced`,
      "the pod is about to be deleted with it; nothing is allocated",
    );
  }
  const owner = ownerFrom(namespace, controller);
  const number = name.slice(controller.name.length + 1);
  const ordinal = Number(number) - (set.spec.ordinals?.start ?? 0);
  return /^\d+$/.test(number) && ordinal >= 0 ? { owner, ordinal } : { owner };
}
