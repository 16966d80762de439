import type { Cidr } from "../../address/cidr.ts";
import type { ClusterNames } from "../cluster-names.ts";
import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import type { KnownBoots } from "../evidence/known-boots.ts";
import type { RuntimeNotes } from "../free/adopt.ts";
import type { OwnRecords } from "../integrity/confirmed-here.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { Holder, MetaRecord, PodId } from "../records.ts";

/** Everything that an audit compares. More witnesses find more; the audit itself reads nothing. */
export interface AuditInput {
  readonly records: StoreRecords;
  /** Kubernetes' pods and nodes; absent where Kubernetes was not read. */
  readonly live?: LiveCluster;
  /** What the cluster is called that the other witnesses belong to, where known. */
  readonly clusterNames?: ClusterNames;
  /** The store's identity and state; absent where it has none, or where nobody asks about them. */
  readonly meta?: MetaRecord;
  /** The store that this node has used at this place; default: that of `meta`. An emptied one does not say it. */
  readonly storeUuid?: string;
  /** This node, which knows its own attachments and their network namespaces. */
  readonly here?: ThisNode;
  /** What this node's runtime says of its containers. */
  readonly runtime?: Pick<RuntimeNotes, "knows" | "trusted">;
  /** What is known of more records than `records` has, where those are only the ones that are not clear. */
  readonly known?: KnownOfAll;
  /** Networks of configurations, in addition to those that the store knows. */
  readonly networks?: readonly SpacedNetwork[];
}

/** What an audit needs of records that it does not have. */
export interface KnownOfAll {
  readonly boots: KnownBoots;
  /** As `heldNetworks`. */
  readonly held: readonly SpacedNetwork[];
  /** The records that may contradict each other. Those of `records` are compared with pods and nodes alone. */
  readonly compared: Pick<StoreRecords, "allocations" | "attachments" | "reservations" | "owners">;
}

/** The machine that the audit runs on. */
export interface ThisNode extends OwnRecords {
  readonly bootId: string;
}

export interface LiveCluster {
  readonly pods: readonly PodFacts[];
  readonly nodes: readonly NodeFacts[];
}

export interface SpacedNetwork {
  readonly name: string;
  readonly space: string;
  readonly subnets: readonly Cidr[];
}

export type FindingKind =
  /** An allocation whose holder is gone. */
  | "leak"
  /** One address with two living owners. */
  | "duplicate"
  /** An address in use that the store holds for nobody, or whose holder is not known. */
  | "unknown"
  /** Records of the store that contradict each other. */
  | "inconsistent"
  /** A running pod that has not got an address which it names. */
  | "wish"
  /** A record of the store that cannot be read. */
  | "damaged"
  /** The store was thrown back, and a node has stopped all nodes. */
  | "suspect";

export type FindingReason =
  | "namespace-gone"
  | "pod-gone"
  | "pod-replaced"
  | "pod-finished"
  | "pod-elsewhere"
  | "earlier-sandbox"
  | "two-holders"
  | "shown-by-two"
  | "held-by-other"
  | "not-held"
  | "several-holders"
  | "several-sandboxes"
  | "node-name"
  | "unknown-holder"
  | "unclaimed"
  | "no-holder"
  | "no-attachment"
  | "attachment-differs"
  | "no-allocation"
  | "owner-lacks-address"
  | "owner-lists-unreserved"
  | "not-given"
  | "damaged"
  | "thrown-back";

export interface AuditFinding {
  readonly kind: FindingKind;
  readonly reason: FindingReason;
  /** The same in two audits of one fault: distinguishes what lasts from what passes. */
  readonly id: string;
  /** Space and address are "" where no address is concerned: of a suspicion, and of some damaged records. */
  readonly space: string;
  readonly address: string;
  /** Of a leak or a contradiction: the holder of the address in the store. */
  readonly holder?: Holder;
  /** Pods that show the address. */
  readonly pods?: readonly PodId[];
  /** Of a leak: whether the holder is fenced, so that other machines may free the address. */
  readonly fenced?: boolean;
  /** The finding in words, for people. */
  readonly what: string;
  /** What to do. */
  readonly remedy: string;
}

export interface Audit {
  /** First a suspicion, then the damaged records, then all others in the order of their addresses. */
  readonly findings: readonly AuditFinding[];
  readonly judged: { readonly allocations: number; readonly pods: number };
  /** How many holders no witness can judge. */
  readonly unjudged: number;
  /**
   * The clusters of all holders under this node's name, where none is this cluster's: either another cluster
   * has a node of this name, or this node does not know its own cluster's name any more.
   */
  readonly strangersHere?: readonly string[];
}
