import type { Cidr } from "../../address/cidr.ts";
import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { Node } from "../node-port.ts";
import type { Holder, PodId } from "../records.ts";

/** Everything that is compared. The more witnesses, the more is found; none of them is asked again. */
export interface AuditInput {
  readonly records: StoreRecords;
  /** Kubernetes' word; absent where it could not be asked. */
  readonly live?: LiveCluster;
  /** UID of the cluster that the other witnesses belong to, where known. */
  readonly clusterUid?: string;
  /** This node's word about the network namespaces of its own attachments. */
  readonly here?: Pick<Node, "name" | "namespaceState">;
  /** Networks beside those that the store knows, as configurations name them. */
  readonly networks?: readonly SpacedNetwork[];
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
  /** One address with two owners that live. */
  | "duplicate"
  /** An address in use that the store holds for nobody, or of which it cannot be told who has it. */
  | "unknown"
  /** Records of the store that contradict each other. */
  | "inconsistent"
  /** A record of the store that cannot be read. */
  | "damaged";

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
  | "no-holder"
  | "no-attachment"
  | "attachment-differs"
  | "no-allocation"
  | "owner-lacks-address"
  | "owner-lists-unreserved"
  | "damaged";

export interface AuditFinding {
  readonly kind: FindingKind;
  readonly reason: FindingReason;
  /** The same in two audits of one unchanged fault; tells what lasts from what passes. */
  readonly id: string;
  /** Space and address are empty where a damaged record is not that of an address. */
  readonly space: string;
  readonly address: string;
  /** Of a leak or a contradiction: who has the address by the store. */
  readonly holder?: Holder;
  /** Pods that show the address. */
  readonly pods?: readonly PodId[];
  /** Of a leak: whether the holder's node is fenced, so that the address may be freed from elsewhere. */
  readonly fenced?: boolean;
  /** What was found, for people. */
  readonly what: string;
  /** What to do. */
  readonly remedy: string;
}

export interface Audit {
  /** Damaged records, and then what is wrong in the order of addresses. */
  readonly findings: readonly AuditFinding[];
  readonly judged: { readonly allocations: number; readonly pods: number };
  /** Holders of which no witness here can tell whether they live. */
  readonly unjudged: number;
}
