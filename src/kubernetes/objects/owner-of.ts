import type { OwnerFacts, PodFacts } from "../../ipam/cluster-port.ts";
import type { Owner } from "../../ipam/records.ts";
import type { Api } from "../api/api.ts";
import { groupOf, JOBS, type Kind, REPLICA_SETS, STATEFUL_SETS } from "../api/kinds.ts";
import type { AnyObject } from "../api/shapes.ts";
import { controllerGone, ownerFrom, requireController } from "./owner-reference.ts";
import type { SoundReference } from "./sound-reference.ts";
import { machineOf } from "./virtual-machine.ts";

/**
 * The owner that outlives the pod: the Deployment of its ReplicaSet, the CronJob of its Job, the virtual
 * machine of its instance, else the controller itself, else the pod by its name. Follows owner references,
 * never labels. The creator of a pod can write any reference into it, so the owner is always of the pod's
 * own namespace, and only an object with the reference's UID leads further.
 *
 * @throws IpamError as the Cluster port says; annotationMalformed for a reference to what Kubernetes cannot have;
 *   tryAgain when a StatefulSet's pod outlives its set.
 */
export async function ownerOf(pod: PodFacts, api: Api, deadline: number): Promise<OwnerFacts> {
  const controller = requireController(pod.ownerReferences, { ...pod, kind: "pod" });
  if (controller === undefined) return { owner: podByName(pod) };
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

/** A bare pod that is created again under its name is the same owner. */
function podByName({ name, namespace }: PodFacts): Owner {
  return { kind: "Pod", namespace, name };
}

async function ownerAbove(
  kind: Kind<AnyObject>,
  { namespace }: PodFacts,
  controller: SoundReference,
  api: Api,
  deadline: number,
): Promise<Owner> {
  const object = await api.getBuiltIn(kind, { namespace, name: controller.name }, deadline);
  const same = object?.metadata.uid === controller.uid;
  const referring = { kind: controller.kind, namespace, name: controller.name };
  const above = same ? requireController(object.metadata.ownerReferences, referring) : undefined;
  return ownerFrom(namespace, above ?? controller);
}

async function ordinalOf(
  pod: PodFacts,
  controller: SoundReference,
  api: Api,
  deadline: number,
): Promise<OwnerFacts> {
  const { name, namespace } = pod;
  const set = await api.getBuiltIn(STATEFUL_SETS, { namespace, name: controller.name }, deadline);
  if (set?.metadata.uid !== controller.uid) throw controllerGone(pod, controller);
  const owner = ownerFrom(namespace, controller);
  return { owner, ordinal: numberOf(name, controller.name) - (set.spec.ordinals?.start ?? 0) };
}

/** The number in the name of a StatefulSet's pod; below 0 where the set makes no pod of such a name. */
function numberOf(pod: string, set: string): number {
  const text = pod.slice(set.length + 1);
  return pod === `${set}-${Number(text)}` && /^\d+$/.test(text) ? Number(text) : -1;
}
