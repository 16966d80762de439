import type { Address } from "../../address/address.ts";
import type { AskingPod, NodeFacts, OwnerFacts, PodFacts } from "../cluster-port.ts";
import type { ClusterRelation } from "../cluster-relation.ts";
import type { Live } from "../evidence/live-read.ts";
import type { MachineRelation, NamespaceState } from "../node-port.ts";
import type { AttachmentId, Holder, PodId } from "../records.ts";

/** Everything that decides whether an address may go from its holder to the asker. */
export interface HandOverFacts {
  readonly address: Address;
  /** The address space in which it is held. */
  readonly space: string;
  readonly holder: Holder;
  readonly asker: Asker;
  /** Whether the holder belongs to the asker's cluster. "same" where no cluster is configured. */
  readonly cluster: ClusterRelation;
  /** Whether the asker's machine made the holder's record. */
  readonly machine: MachineRelation;
  /** State of the holder's network namespace. "unknown" unless the holder is on the asker's machine. */
  readonly namespaceState: NamespaceState;
  /** True where a DEL that ends exactly this record waits on this node for the store. */
  readonly kept: boolean;
  readonly holderPod: Live<PodFacts>;
  readonly holderNode: Live<NodeFacts>;
  /** Why Kubernetes did not answer, for the message. */
  readonly unknownBecause?: string;
}

/** The attachment that asks for the address. */
export interface Asker {
  readonly attachment: AttachmentId;
  readonly node: string;
  readonly pod?: PodId;
  /** The asking pod, by a live read; "unknown" also where nobody read it. */
  readonly podState: Live<AskingPod>;
  readonly owner?: OwnerFacts;
}
