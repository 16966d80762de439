import type { Address } from "../../address/address.ts";
import type { NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import type { ClusterRelation } from "../cluster-relation.ts";
import type { Live } from "../evidence/live-read.ts";
import type { NamespaceState } from "../node-port.ts";
import type { AttachmentId, Holder, PodId } from "../records.ts";

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
