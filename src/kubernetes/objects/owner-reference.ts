import type { OwnerReference, PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Owner } from "../../ipam/records.ts";
import { SHARE_KIND } from "../../ipam/records.ts";
import { groupOf, OWNER_KINDS } from "../api/kinds.ts";

/** The owner that a reference names. */
export function ownerFrom(namespace: string, { apiVersion, kind, name, uid }: OwnerReference): Owner {
  const known = OWNER_KINDS[kind]?.group === groupOf(apiVersion);
  return { kind, namespace, name, uid, ...(!known && { apiVersion }) };
}

/** The reference to what controls an object, where that may own addresses. */
export function controllerOf(references: readonly OwnerReference[]): OwnerReference | undefined {
  return references.find(({ controller, kind }) => controller && !OWNS_NOTHING.has(kind));
}

/**
 * A static pod's mirror is controlled by its Node, which owns no addresses. The others are words of
 * our own records: a reference that bears one could reach into what is counted there.
 */
const OWNS_NOTHING: ReadonlySet<string> = new Set(["Node", "Note", SHARE_KIND]);

/** A reference that leads nowhere: Kubernetes deletes such a pod, or somebody made it up. */
export function controllerGone(
  { name, namespace }: PodFacts,
  { kind, name: controller }: OwnerReference,
): IpamError {
  return new IpamError(
    "tryAgain",
    `${kind} ${namespace}/${controller} of pod ${name} is gone or was replaced`,
    "the pod is about to be deleted with it; nothing is allocated",
  );
}
