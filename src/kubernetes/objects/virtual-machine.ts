import type { AskingPod, OwnerFacts } from "../../ipam/cluster-port.ts";
import type { Api } from "../api/api.ts";
import { groupOf, INSTANCES, MIGRATIONS } from "../api/kinds.ts";
import type { Instance } from "../api/shapes.ts";
import { controllerGone, malformedReference, ownerFrom } from "./owner-reference.ts";
import { isFault, readReference, type SoundReference } from "./sound-reference.ts";

/** KubeVirt's pointer from a migration's target pod to the migration (api/core/v1, types.go). */
const MIGRATION_NAME = "kubevirt.io/migrationJobName";

/**
 * The virtual machine of a launcher pod, by the UIDs of owner references. While the instance migrates
 * live, its UID tells which two launchers may hold one address. In a cluster without KubeVirt, the owner
 * is what the reference names.
 *
 * @throws IpamError as the Cluster port says; tryAgain when the pod outlives its instance.
 */
export async function machineOf(
  pod: AskingPod,
  controller: SoundReference,
  api: Api,
  deadline: number,
): Promise<OwnerFacts> {
  const instance = await api.get(INSTANCES, { namespace: pod.namespace, name: controller.name }, deadline);
  if (instance === "no such kind") return { owner: ownerFrom(pod.namespace, controller) };
  if (instance?.metadata.uid !== controller.uid) throw controllerGone(pod, controller);
  const machine = instance.metadata.ownerReferences.find(
    ({ apiVersion, kind }) => groupOf(apiVersion) === "kubevirt.io" && kind === "VirtualMachine",
  );
  const read = machine === undefined ? controller : readReference(machine);
  if (isFault(read)) throw malformedReference(read, { ...controller, namespace: pod.namespace });
  const owner = ownerFrom(pod.namespace, read);
  const migrating = isMigrating(instance) || (await isTarget(pod, instance, api, deadline));
  return migrating ? { owner, migratingInstance: controller.uid } : { owner };
}

function isMigrating({ status }: Instance): boolean {
  const { migrationState } = status;
  if (migrationState === undefined) return false;
  return !migrationState.completed && !migrationState.failed && (migrationState.endTimestamp ?? "") === "";
}

/**
 * KubeVirt makes the target pod before it notes the migration in the instance's status. Until
 * then the migration itself is the evidence: the pod's annotation only says which one to read.
 */
async function isTarget(pod: AskingPod, instance: Instance, api: Api, deadline: number): Promise<boolean> {
  const name = pod.annotations[MIGRATION_NAME];
  if (name === undefined || name === "") return false;
  const migration = await api.get(MIGRATIONS, { namespace: pod.namespace, name }, deadline);
  if (migration === undefined || migration === "no such kind") return false;
  const { spec, status } = migration;
  return spec.vmiName === instance.metadata.name && status.phase !== "Succeeded" && status.phase !== "Failed";
}
