import type { Address } from "../../address/address.ts";
import type { NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import type { NamespaceState } from "../node-port.ts";
import type { AttachmentId, Holder, PodId } from "../records.ts";

/** A live read: what is there, that nothing is there, or that it could not be told (which proves nothing). */
export type Live<T> = T | "absent" | "unknown";

/** Everything that decides whether an address may go from its holder to the asker. */
export interface HandOverFacts {
  readonly address: Address;
  readonly holder: Holder;
  readonly asker: Asker;
  /** Whether the holder belongs to the asker's cluster; without any cluster both are "same". */
  readonly cluster: ClusterRelation;
  /** Of the holder's namespace; only told where the holder is on the asker's node. */
  readonly namespaceState: NamespaceState;
  /** A DEL that ends exactly this record came, and waits on this node for the store. */
  readonly kept: boolean;
  readonly holderPod: Live<PodFacts>;
  readonly holderNode: Live<NodeFacts>;
  /** Why Kubernetes could not be asked, for the message. */
  readonly unknownBecause?: string;
}

export interface Asker {
  readonly attachment: AttachmentId;
  readonly node: string;
  readonly bootId: string;
  readonly pod?: PodId;
  /** The asking pod read live; "unknown" also where it was not asked for. */
  readonly podState: Live<PodFacts>;
  readonly owner?: OwnerFacts;
}

export type ClusterRelation = "same" | "other" | "unknown";

/**
 * Whether a record is of the same cluster as the one who reads it. A record that names no cluster
 * was made where none is configured, or before it was known.
 */
export function clusterRelation(recorded: string | undefined, own: string | undefined): ClusterRelation {
  if (recorded === undefined || recorded === own) return "same";
  return own === undefined ? "unknown" : "other";
}
