import { CAPS } from "../../address/caps.ts";
import type { OwnerReference } from "../cluster-port.ts";
import type { Owner } from "../records.ts";
import type { AddRequest } from "../requests.ts";

/** What makes a pod's controller, and is an owner in its place: its name without what it adds. */
const ABOVE: Readonly<Record<string, string>> = {
  ReplicaSet: "Deployment",
  Job: "CronJob",
  ReplicationController: "DeploymentConfig",
};

/**
 * Who may have reserved addresses for a pod that asks for none now, by names alone, without a request. A hint which
 * records to look at: whose they are, Kubernetes tells.
 */
export function likelyOwners({ pod, wish }: Pick<AddRequest, "pod" | "wish">): Owner[] {
  if (pod === undefined || wish.owner !== undefined) return [];
  const { namespace, name } = pod;
  if (wish.pod === undefined) return byNameAlone(name).map((owner) => ({ ...owner, namespace }));
  const controller = wish.pod.ownerReferences.find((reference) => reference.controller);
  const owners = controller === undefined ? [{ kind: "Pod", name }] : byController(controller);
  return owners.filter(isBounded).map((owner) => ({ ...owner, namespace }));
}

/** Kubernetes does not judge what a pod's creator writes as its owner (CAPPED). */
function isBounded({ kind, name }: Omit<Owner, "namespace">): boolean {
  return kind.length <= CAPS.ownerKind && name.length <= CAPS.objectName;
}

function byController({ kind, name }: OwnerReference): Omit<Owner, "namespace">[] {
  const above = ABOVE[kind];
  const shorter = withoutLast(name, 1);
  return [{ kind, name }, ...(above === undefined || shorter === "" ? [] : [{ kind: above, name: shorter }])];
}

/** Annotations that the runtime delivered leave nothing else. */
function byNameAlone(name: string): Omit<Owner, "namespace">[] {
  const ofSet = /-\d+$/.test(name) ? [{ kind: "StatefulSet", name: withoutLast(name, 1) }] : [];
  const ofDeployment = withoutLast(name, 2);
  return [
    { kind: "Pod", name },
    ...ofSet,
    ...(ofSet.length > 0 || ofDeployment === "" ? [] : [{ kind: "Deployment", name: ofDeployment }]),
  ];
}

/** A name without its last parts; "" where it has no more. */
function withoutLast(name: string, parts: number): string {
  return name.split("-").slice(0, -parts).join("-");
}
