import type { Address } from "../address/address.ts";

/**
 * What the store holds, as values (docs/design.md section 6). Every record carries a `version`; a record
 * with a version above RECORD_VERSION was written by a newer program and is never rewritten or
 * freed by this one. Addresses inside records are canonical text ("10.1.2.3", "2001:db8::1").
 */
export const RECORD_VERSION = 1;

/** What the CNI specification identifies an ADD by. */
export interface AttachmentId {
  readonly network: string;
  readonly container: string;
  readonly ifname: string;
}

/** The pod an attachment belongs to. `uid` tells two pods of one name apart; old runtimes omit it. */
export interface PodId {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/**
 * A network namespace as seen at ADD: its path and, only where a live nsfs was mounted there,
 * the device and inode of that nsfs (decimal text). Without them nothing can ever be concluded
 * about the namespace.
 */
export interface NamespaceId {
  readonly path: string;
  readonly device?: string;
  readonly inode?: string;
  /** Inode of the mount namespace (nsfs number) of the process that saw it. */
  readonly mountNamespace?: string;
  /** "device:inode" of the folder that holds the path, so that a judge can tell it looks at the same one. */
  readonly folder?: string;
}

/** Who has an address now: one attachment, with everything needed to judge later whether it lives. */
export interface Holder {
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  readonly node: string;
  /** True once pod.spec.nodeName was seen to equal `node`; only such a name may fence. */
  readonly nodeVerified: boolean;
  readonly bootId: string;
  readonly namespace: NamespaceId;
  /** Identifies the ADD that wrote this record last; undo and late DELs compare it. */
  readonly requestId: string;
  /** UID of the cluster (that of the namespace kube-system), where known. */
  readonly cluster?: string;
}

export type Origin = "dynamic" | "fixed" | "sticky";

/** address -> who has it now. Several holders only while a virtual machine migrates live. */
export interface AllocationRecord {
  readonly version: number;
  readonly holders: readonly Holder[];
  readonly origin: Origin;
  /** Wall clock of the writer, for people to read; never compared (NO-CLOCKS). */
  readonly since: string;
}

/** attachment -> its addresses: where DEL, CHECK and GC start. */
export interface AttachmentRecord {
  readonly version: number;
  readonly space: string;
  /** One address per range set, in the order in which the result lists them. */
  readonly addresses: readonly string[];
  /** Prefix length of each address as printed, so that a repeated ADD survives changed ranges. */
  readonly prefixes: readonly number[];
  /** Gateway of each address as printed; null where there was none. */
  readonly gateways: readonly (string | null)[];
  readonly origin: Origin;
  /** kube-ipam.retain: delete — the addresses' automatic reservations end with this attachment. */
  readonly endsReservations?: boolean;
  readonly holder: Holder;
}

/** Who will have an address again. `kind` is a Kubernetes kind, or "Note" for an operator's remark. */
export interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Where to ask for a kind that Kubernetes itself does not have; no part of the owner's identity. */
  readonly apiVersion?: string;
}

/** "workload": as long as the owner exists; a number: seconds after the owner is gone. */
export type Retention = "workload" | "delete" | "keep" | number;

export interface ReservationRecord {
  readonly version: number;
  readonly owner: Owner;
  /** Operators' reservations never yield; automatic ones may (docs/design.md section 5). */
  readonly kind: "automatic" | "operator";
  readonly retain: Retention;
  readonly cluster?: string;
  readonly note?: string;
  readonly since: string;
}

/** An owner's addresses, so that sticky pods and sets need no scan. */
export interface OwnerRecord {
  readonly version: number;
  readonly owner: Owner;
  readonly addresses: readonly string[];
  /** Which addresses the pods of a StatefulSet have, by ordinal. */
  readonly slots?: Readonly<Record<string, readonly string[]>>;
}

/** A freed dynamic address that is not given out again for a while; the store lets it expire. */
export interface CoolingRecord {
  readonly version: number;
}

/** What a network's configuration said when it was last used; drift between nodes shows here. */
export interface NetworkRecord {
  readonly version: number;
  readonly space: string;
  readonly subnets: readonly string[];
  /** Canonical text of the rest (ranges, gateways, exclusions): compared, logged, never obeyed. */
  readonly detail?: string;
}

/** Reservations of whole ranges of one space: one record, however many addresses. */
export interface ReservedRangesRecord {
  readonly version: number;
  readonly ranges: readonly ReservedRange[];
}

export interface ReservedRange {
  readonly first: string;
  readonly last: string;
  readonly reservation: ReservationRecord;
}

/** The store's identity. `state` other than "ready" refuses every ADD. */
export interface MetaRecord {
  readonly version: number;
  readonly uuid: string;
  readonly state: "ready" | "recovering";
  /**
   * Names the last recovery that an operator began (docs/recovery.md). Each node writes once per
   * recovery what its living attachments hold, and then takes the store for its own.
   */
  readonly recovery?: string;
}

/** The kind of "owner" under which a namespace's share of a pool is counted; it reserves nothing. */
export const SHARE_KIND = "Pool";

/** What one node had to say in a recovery. */
export interface NodeRecoveryRecord {
  readonly version: number;
  /** The recovery that it answered. */
  readonly recovery: string;
  readonly node: string;
  /** UID of the node's cluster, where known: two clusters may each have a node of this name. */
  readonly cluster?: string;
  /** Living attachments that it knows. */
  readonly attachments: number;
  /** Those of them that the store did not know. */
  readonly written: number;
  readonly conflicts: readonly RecoveryConflict[];
  /** Address spaces that it uses. */
  readonly spaces: readonly string[];
  /** How many nodes had answered before it looked: a conflict that outlasts all other answers is one. */
  readonly answersSeen: number;
  readonly since: string;
}

/** An address that a living attachment has while the store says that another has it. */
export interface RecoveryConflict {
  readonly space: string;
  readonly address: string;
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  /** Who has it in the store, in words. */
  readonly heldBy: string;
}

/** Names one record. The store maps it to a key; nobody else knows how keys look. */
export type Ref =
  | { readonly kind: "meta" }
  | { readonly kind: "attachment"; readonly node: string; readonly id: AttachmentId }
  | { readonly kind: "allocation"; readonly space: string; readonly address: Address }
  | { readonly kind: "reservation"; readonly space: string; readonly address: Address }
  | { readonly kind: "cooling"; readonly space: string; readonly address: Address }
  | { readonly kind: "owner"; readonly space: string; readonly owner: Owner }
  | { readonly kind: "reservedRanges"; readonly space: string }
  | { readonly kind: "network"; readonly name: string }
  /** `node` is its name, and its cluster's where that is known. */
  | { readonly kind: "recovery"; readonly node: string };

export type RecordKind = Ref["kind"];

/** A reference to one kind of record. */
export type RefOf<K extends RecordKind> = Extract<Ref, { readonly kind: K }>;

/** The type of record that a kind of reference leads to. */
export interface RecordTypes {
  readonly meta: MetaRecord;
  readonly attachment: AttachmentRecord;
  readonly allocation: AllocationRecord;
  readonly reservation: ReservationRecord;
  readonly cooling: CoolingRecord;
  readonly owner: OwnerRecord;
  readonly reservedRanges: ReservedRangesRecord;
  readonly network: NetworkRecord;
  readonly recovery: NodeRecoveryRecord;
}

export type RecordOf<R extends Ref> = RecordTypes[R["kind"]];
