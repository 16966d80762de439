import type { AttachmentId, Holder, Owner, PodId } from "./records.ts";

/** One attachment: by network, container and interface. */
export function sameAttachment(a: AttachmentId, b: AttachmentId): boolean {
  return a.network === b.network && a.container === b.container && a.ifname === b.ifname;
}

/** One attachment on one node, as the store's index tells them apart. Two machines may have been given one node name. */
export function sameHolder(a: NamedHolder, b: NamedHolder): boolean {
  return a.node === b.node && sameAttachment(a.attachment, b.attachment);
}

type NamedHolder = Pick<Holder, "node" | "attachment">;

/** One pod: by UID where both have one, else by namespace and name. */
export function samePod(a: PodId, b: PodId): boolean {
  if (a.uid !== undefined && b.uid !== undefined) return a.uid === b.uid;
  return a.namespace === b.namespace && a.name === b.name;
}

/**
 * One owner: by kind, namespace and name, which Kubernetes never changes, and by UID where both have
 * one. Never by UID alone: a pod's ownerReferences may hold any UID, also that of an object in another
 * namespace.
 */
export function sameOwner(a: Owner, b: Owner): boolean {
  if (a.kind !== b.kind || a.namespace !== b.namespace || a.name !== b.name) return false;
  return a.uid === undefined || b.uid === undefined || a.uid === b.uid;
}
