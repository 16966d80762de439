import type { AskingPod, OwnerFacts } from "../../ipam/cluster-port.ts";
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
export async function ownerOf(
  pod: AskingPod,
  api: Api,
  deadline: number,
  read: ReadController = readController(api),
): Promise<OwnerFacts> {
  const controller = requireController(pod.ownerReferences, { ...pod, kind: "pod" });
  if (controller === undefined) return { owner: podByName(pod) };
  switch (`${groupOf(controller.apiVersion)}/${controller.kind}`) {
    case "apps/ReplicaSet":
      return { owner: await ownerAbove(REPLICA_SETS, pod, controller, read, deadline) };
    case "batch/Job":
      return { owner: await ownerAbove(JOBS, pod, controller, read, deadline) };
    case "/ReplicationController":
      return { owner: await ownerAbove(REPLICATION_CONTROLLERS, pod, controller, read, deadline) };
    case "apps/DaemonSet":
      return { owner: ownerFrom(pod.namespace, controller) };
    case "apps/StatefulSet":
      return ordinalOf(pod, controller, read, deadline);
    case "kubevirt.io/VirtualMachineInstance":
      return machineOf(pod, controller, api, deadline);
    default:
      return ownerOfOtherKind(pod, controller);
  }
}

/** A bare pod that is created again under its name is the same owner. */
function podByName({ name, namespace }: AskingPod): Owner {
  return { kind: "Pod", namespace, name };
}

/** The controller that a reference names, of the UID that it names or of another one; undefined where there is none. @throws IpamError */
export type ReadController = <T extends AnyObject>(
  kind: Kind<T>,
  named: NamedController,
  deadline: number,
) => Promise<T | undefined>;

export interface NamedController {
  readonly namespace: string;
  readonly name: string;
  /** As the reference has it. */
  readonly uid: string;
}

/**
 * Reads it live. ReplicationControllers are read where the role may: whoever runs no DeploymentConfigs need not grant
 * it, and the controller itself is an owner, too.
 */
export function readController(api: Api): ReadController {
  return (kind, { namespace, name }, deadline) =>
    kind.plural === REPLICATION_CONTROLLERS.plural
      ? api.tryGet(kind, { namespace, name }, deadline)
      : api.getBuiltIn(kind, { namespace, name }, deadline);
}

async function ownerAbove(
  kind: Kind<AnyObject>,
  { namespace }: AskingPod,
  controller: SoundReference,
  read: ReadController,
  deadline: number,
): Promise<Owner> {
  const { name, uid } = controller;
  const object = await read(kind, { namespace, name, uid }, deadline);
  const same = object?.metadata.uid === controller.uid;
  const referring = { kind: controller.kind, namespace, name: controller.name };
  const above = same ? requireController(object.metadata.ownerReferences, referring) : undefined;
  return ownerFrom(namespace, above ?? controller);
}

async function ordinalOf(
  pod: AskingPod,
  controller: SoundReference,
  read: ReadController,
  deadline: number,
): Promise<OwnerFacts> {
  const { name, namespace } = pod;
  const named = { namespace, name: controller.name, uid: controller.uid };
  const set = await read(STATEFUL_SETS, named, deadline);
  if (set?.metadata.uid !== controller.uid) throw controllerGone(pod, controller);
  const owner = ownerFrom(namespace, controller);
  const number = numberOf(name, controller.name) ?? -1;
  return { owner, ordinal: number - (set.spec.ordinals?.start ?? 0) };
}

/**
 * A controller of another program. Whether its pods come back under their names, the name tells; what its own
 * StatefulSet would say of ordinals is not read, because no role allows it.
 */
function ownerOfOtherKind(pod: AskingPod, controller: SoundReference): OwnerFacts {
  const owner = ownerFrom(pod.namespace, controller);
  if (!returnsUnderItsName(pod.name)) return { owner };
  const number = controller.kind === "StatefulSet" ? numberOf(pod.name, controller.name) : undefined;
  return { owner, place: pod.name, ...(number !== undefined && { likelyOrdinal: number }) };
}
