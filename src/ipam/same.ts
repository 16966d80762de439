import type { AttachmentId, Owner, PodId } from "./records.ts";

export function sameAttachment(a: AttachmentId, b: AttachmentId): boolean {
  return a.network === b.network && a.container === b.container && a.ifname === b.ifname;
}

/** One pod: by UID where both know it, else by namespace and name. */
export function samePod(a: PodId, b: PodId): boolean {
  if (a.uid !== undefined && b.uid !== undefined) return a.uid === b.uid;
  return a.namespace === b.namespace && a.name === b.name;
}

/** One owner: by UID where both know it, else by kind, namespace and name. */
export function sameOwner(a: Owner, b: Owner): boolean {
  if (a.uid !== undefined && b.uid !== undefined) return a.uid === b.uid;
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

export function describeAttachment(id: AttachmentId): string {
  return `interface ${id.ifname} of container ${id.container} in network '${id.network}'`;
}
