import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import type { AskingPod, OwnerReference } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { OWN_KINDS } from "../../ipam/own-kinds.ts";
import type { Owner } from "../../ipam/records.ts";
import { groupOf, ownerKind } from "../api/kinds.ts";
import { isFault, type ReferenceFault, readReference, type SoundReference } from "./sound-reference.ts";

/** An object that has owner references. */
export interface Referring {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The owner that a reference names, in the pod's namespace. */
export function ownerFrom(namespace: string, { apiVersion, kind, name, uid }: SoundReference): Owner {
  const known = ownerKind(kind)?.group === groupOf(apiVersion);
  return { kind, namespace, name, uid, ...(!known && { apiVersion }) };
}

/**
 * The reference to the controller of an object, if that may own addresses.
 *
 * @throws IpamError annotationMalformed where it names what Kubernetes cannot have: another owner instead of
 *   it would be a guess (FAIL-CLOSED).
 */
export function requireController(
  references: readonly OwnerReference[],
  of: Referring,
): SoundReference | undefined {
  const read = controllerOf(references);
  if (read === undefined || !isFault(read)) return read;
  throw malformedReference(read, of);
}

/** The same, without an error. */
export function controllerOf(
  references: readonly OwnerReference[],
): SoundReference | ReferenceFault | undefined {
  const reference = references.find(({ controller, kind }) => controller && !OWNS_NOTHING.has(kind));
  return reference && readReference(reference);
}

/**
 * A Node controls the mirrors of its static pods, and owns no addresses. The other kinds exist only in
 * kube-ipam's records: a reference of such a kind could change what is counted there.
 */
const OWNS_NOTHING: ReadonlySet<string> = new Set(["Node", ...OWN_KINDS]);

/** The error for a reference that Kubernetes' own objects never have. */
export function malformedReference(
  { part, value, expected }: ReferenceFault,
  { kind, namespace, name }: Referring,
): IpamError {
  return new IpamError(
    "annotationMalformed",
    `the owner reference of ${kind} ${namespace}/${name} has the ${part} '${cut(value, CAPS.shownValue)}'`,
    `expected ${expected}; nothing is allocated: correct metadata.ownerReferences of that ${kind}`,
  );
}

/** The error for a reference to an object that is gone: Kubernetes deletes such a pod, or the reference is made up. */
export function controllerGone(
  { name, namespace }: AskingPod,
  { kind, name: controller }: OwnerReference,
): IpamError {
  return new IpamError(
    "tryAgain",
    `${kind} ${namespace}/${controller} of pod ${name} is gone or was replaced`,
    "Kubernetes will delete the pod with it; nothing is allocated",
  );
}
