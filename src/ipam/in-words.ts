import { type Address, formatAddress } from "../address/address.ts";
import { isSubstitute } from "./cluster-names.ts";
import { DEFAULT_SPACE } from "./network.ts";
import { NOTE_KIND } from "./own-kinds.ts";
import type { AttachmentId, Holder, MetaRecord, Owner, PodId } from "./records.ts";

/** How messages name a pod: "shop/db-0". */
export function podName({ namespace, name }: Pick<PodId, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** An address, with its address space where that is not the usual one. */
export function addressIn(space: string, address: Address): string {
  return space === DEFAULT_SPACE
    ? formatAddress(address)
    : `${formatAddress(address)} of address space '${space}'`;
}

/** " --space vlan20", where a command needs it. */
export function spaceOption(space: string): string {
  return space === DEFAULT_SPACE ? "" : ` --space ${space}`;
}

/** "interface eth0 of container 4f1c… in network 'db'" */
export function describeAttachment({ ifname, container, network }: AttachmentId): string {
  return `interface ${ifname} of container ${container} in network '${network}'`;
}

/** A holder in a few words: "pod shop/db-0 on node w3", or "container 4f1c… on node w3". */
export function describeHolder({
  attachment,
  node,
  pod,
}: Pick<Holder, "attachment" | "node" | "pod">): string {
  return `${pod === undefined ? `container ${attachment.container}` : `pod ${podName(pod)}`} on node ${node}`;
}

/** A holder with everything that an operator needs to find it: interface, container, network, pod and node. */
export function describeHolderFully({
  attachment,
  node,
  pod,
}: Pick<Holder, "attachment" | "node" | "pod">): string {
  return `${describeAttachment(attachment)}${pod === undefined ? "" : ` (pod ${podName(pod)})`} on node ${node}`;
}

/** "StatefulSet shop/db", or an operator's note in quotes. */
export function describeOwner({ kind, namespace, name }: Owner): string {
  if (kind === NOTE_KIND) return `'${name}'`;
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** "node w3 has stopped all nodes: the … store … is older than when …" */
export function describeSuspicion({ suspicion }: Pick<MetaRecord, "suspicion">): string {
  const { node, why = "the store was thrown back" } = suspicion ?? {};
  return `${node === undefined ? "a node" : `node ${node}`} has stopped all nodes: ${why}`;
}

export function describeMove({ moved }: Pick<MetaRecord, "moved">): string {
  return `the store gives out no addresses: its address spaces live in the ${moved?.to ?? "store that they were moved to"}`;
}

/** What a refusal adds where the other cluster goes by a substitute: it may be this one under an earlier name. */
export function renamed(cluster: string | undefined): string {
  if (cluster === undefined || !isSubstitute(cluster)) return "";
  return " (that name is made of a certificate authority; this cluster may have had it before: docs/install.md)";
}
