import type { OwnerFacts, PodFacts } from "../../ipam/cluster-port.ts";
import type { Owner } from "../../ipam/records.ts";
import type { Api } from "../api/api.ts";
import {
  groupOf,
  JOBS,
  type Kind,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from "../api/kinds.ts";
import type { AnyObject } from "../api/shapes.ts";
import { controllerGone, ownerFrom, requireController } from "./owner-reference.ts";
import { numberOf, returnsUnderItsName } from "./pod-names.ts";
import type { SoundReference } from "./sound-reference.ts";
import { machineOf } from "./virtual-machine.ts";

/**
 * The owner that outlives the pod: the Deployment of its ReplicaSet (or whatever else owns that), the CronJob of
 * its Job, the DeploymentConfig of its ReplicationController, the virtual machine of its instance, else the
 * controller itself, else the pod by its name. Follows owner references, never labels. The creator of a pod can
 * write any reference into it, so the owner is always of the pod's own namespace, and only an object with the
 * reference's UID leads further.
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
    case "/ReplicationController":
      return { owner: await ownerAbove(REPLICATION_CONTROLLERS, pod, controller, api, deadline) };
    case "apps/DaemonSet":
      return { owner: ownerFrom(pod.namespace, controller) };
    case "apps/StatefulSet":
      return ordinalOf(pod, controller, api, deadline);
    case "kubevirt.io/VirtualMachineInstance":
      return machineOf(pod, controller, api, deadline);
    default:
      return ownerOfOtherKind(pod, controller);
  }
}

/** A bare pod that is created again under its name is the same owner. */
function podByName({ name, namespace }: PodFacts): Owner {
  return { kind: "Pod", namespace, name };
}

/**
 * ReplicationControllers are read where the role may: whoever runs no DeploymentConfigs need not grant it, and
 * the controller itself is an owner, too.
 */
async function ownerAbove(
  kind: Kind<AnyObject>,
  { namespace }: PodFacts,
  controller: SoundReference,
  api: Api,
  deadline: number,
): Promise<Owner> {
  const named = { namespace, name: controller.name };
  const object =
    kind === REPLICATION_CONTROLLERS
      ? await api.tryGet(kind, named, deadline)
      : await api.getBuiltIn(kind, named, deadline);
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
  const number = numberOf(name, controller.name) ?? -1;
  return { owner, ordinal: number - (set.spec.ordinals?.start ?? 0) };
}

/**
 * A controller of another program. Whether its pods come back under their names, the name tells; what its own
 * StatefulSet would say of ordinals is not read, because no role allows it.
 */
function ownerOfOtherKind(pod: PodFacts, controller: SoundReference): OwnerFacts {
  const owner = ownerFrom(pod.namespace, controller);
  if (!returnsUnderItsName(pod.name)) return { owner };
  const number = controller.kind === "StatefulSet" ? numberOf(pod.name, controller.name) : undefined;
  return { owner, place: pod.name, ...(number !== undefined && { likelyOrdinal: number }) };
}
