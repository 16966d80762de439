import type { OwnerReference, PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Owner } from "../../ipam/records.ts";
import { SHARE_KIND } from "../../ipam/records.ts";
import { groupOf, OWNER_KINDS } from "../api/kinds.ts";

/** The owner that a reference names, in the pod's namespace. */
export function ownerFrom(namespace: string, { apiVersion, kind, name, uid }: OwnerReference): Owner {
  const known = OWNER_KINDS[kind]?.group === groupOf(apiVersion);
  return { kind, namespace, name, uid, ...(!known && { apiVersion }) };
}

/** The reference to the controller of an object, if that may own addresses. */
export function controllerOf(references: readonly OwnerReference[]): OwnerReference | undefined {
  return references.find(({ controller, kind }) => controller && !OWNS_NOTHING.has(kind));
}

/**
 * A Node controls the mirrors of its static pods, and owns no addresses. The other kinds exist only in
 * kube-ipam's records: a reference of such a kind could change what is counted there.
 */
const OWNS_NOTHING: ReadonlySet<string> = new Set(["Node", "Note", SHARE_KIND]);

/** The error for a reference to an object that is gone: Kubernetes deletes such a pod, or the reference is made up. */
export function controllerGone(
  { name, namespace }: PodFacts,
  { kind, name: controller }: OwnerReference,
): IpamError {
  return new IpamError(
    "tryAgain",
    `${kind} ${namespace}/${controller} of pod ${name} is gone or was replaced`,
    "Kubernetes will delete the pod with it; nothing is allocated",
  );
}
