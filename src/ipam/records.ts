import type { Address } from "../address/address.ts";

/**
 * The records of the store, as values (docs/design.md section 6). Every record has a `version`. A newer
 * program wrote a record whose version is above RECORD_VERSION; this program never rewrites or frees
 * such a record. Addresses inside records are canonical text ("10.1.2.3", "2001:db8::1").
 */
export const RECORD_VERSION = 1;

/** The three parts by which the CNI specification identifies an attachment. */
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
 * A network namespace as the ADD found it: its path and, only where a live nsfs was mounted there,
 * the device and inode of that nsfs (decimal text). Without these two, nobody can tell later whether
 * the namespace still exists.
 */
export interface NamespaceId {
  readonly path: string;
  readonly device?: string;
  readonly inode?: string;
  /** Inode (nsfs number) of the mount namespace of the process that read it. */
  readonly mountNamespace?: string;
  /** "device:inode" of the folder of `path`: shows later whether a process sees the same folder. */
  readonly folder?: string;
}

/** The attachment that has an address now, with everything needed to tell later whether it lives. */
export interface Holder {
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  readonly node: string;
  /**
   * True once a live read showed pod.spec.nodeName equal to `node`. Only then does the Node of this
   * name prove anything (fencing).
   */
  readonly nodeVerified: boolean;
  readonly bootId: string;
  /**
   * ID of the machine that made the record: two machines may have been given one node name. Absent in
   * records of older programs.
   */
  readonly machine?: string;
  readonly namespace: NamespaceId;
  /** ID of the ADD that last wrote this record. An undo and a late DEL compare it. */
  readonly requestId: string;
  /** What its cluster is called, where known: compared by cluster-relation.ts alone. */
  readonly cluster?: string;
}

export type Origin = "dynamic" | "fixed" | "sticky";

/** address -> its holders. More than one only while a virtual machine migrates live. */
export interface AllocationRecord {
  readonly version: number;
  readonly holders: readonly Holder[];
  readonly origin: Origin;
  /** Wall clock of the writer, for people. Never compared (NO-CLOCKS). */
  readonly since: string;
}

/** attachment -> its addresses. DEL, CHECK and GC start here. */
export interface AttachmentRecord {
  readonly version: number;
  readonly space: string;
  /** One address per range set, in the order in which the result lists them. */
  readonly addresses: readonly string[];
  /**
   * Prefix length of each address, as the ADD printed it: a repeated ADD prints the same after ranges
   * have changed.
   */
  readonly prefixes: readonly number[];
  /** Gateway of each address, as the ADD printed it; null where there was none. */
  readonly gateways: readonly (string | null)[];
  readonly origin: Origin;
  /** kube-ipam.retain: delete. The automatic reservations of these addresses end with this attachment. */
  readonly endsReservations?: boolean;
  readonly holder: Holder;
}

/** The owner of a reservation. `kind` is a Kubernetes kind, or "Note" for an operator's remark. */
export interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** The API of a kind that Kubernetes itself does not have. Not part of the owner's identity. */
  readonly apiVersion?: string;
}

/**
 * How long a reservation lasts. "workload": while the owner exists; "delete": while the pod exists;
 * "keep": until somebody ends it; a number: so many seconds after the owner is gone.
 */
export type Retention = "workload" | "delete" | "keep" | number;

export interface ReservationRecord {
  readonly version: number;
  readonly owner: Owner;
  /**
   * Only an operator ends an operator's reservation; an automatic one may pass to another owner
   * (docs/design.md section 5).
   */
  readonly kind: "automatic" | "operator";
  readonly retain: Retention;
  /** As a holder's. */
  readonly cluster?: string;
  readonly note?: string;
  readonly since: string;
}

/** owner -> its addresses, so that sticky pods and address sets need no scan. */
export interface OwnerRecord {
  readonly version: number;
  readonly owner: Owner;
  readonly addresses: readonly string[];
  /** Addresses of a StatefulSet's pods, by ordinal: for programs that do not know `places`. */
  readonly slots?: Readonly<Record<string, readonly string[]>>;
  /** Whose each of the addresses is within the owner, by address. Absent where an older program, or an operator, wrote it. */
  readonly places?: Readonly<Record<string, Place>>;
}

/** What of an owner's an address was given to. The next ADD of it gets the address again, or ends it. */
export interface Place {
  readonly network: string;
  readonly ifname: string;
  /** The pod's ordinal, or the name under which it comes back; absent where any pod of the owner will do. */
  readonly slot?: string;
}

/** Marks a freed dynamic address, which is given out last for a while. The store expires the record. */
export interface CoolingRecord {
  readonly version: number;
}

/** What one configuration of a network's name says. */
export interface NetworkDefinition {
  readonly space: string;
  readonly subnets: readonly string[];
  /**
   * Canonical text of the rest (ranges, gateways, exclusions), or where that is long a hash of it. Compared and
   * logged; never used to give out addresses.
   */
  readonly detail?: string;
  /** It was used again after a newer one: both are in force, as for two namespaces or two nodes. */
  readonly again?: true;
}

/**
 * The configurations that a network's name was used with, as far as they are kept: the newest in the record itself.
 * Tells people, and which network may hold an address; no ADD is refused by it, because uniqueness lies in the
 * address space.
 */
export interface NetworkRecord extends NetworkDefinition {
  readonly version: number;
  /** The others that are kept, the last used first. */
  readonly earlier?: readonly NetworkDefinition[];
  /** There are or were more than the record keeps. */
  readonly more?: true;
  /**
   * True once it has served another interface than the first: it may be one that the cluster gives to every
   * pod, behind `eth0`.
   */
  readonly further?: boolean;
}

/** Reservations of whole ranges of one space. One record, however many addresses they have. */
export interface ReservedRangesRecord {
  readonly version: number;
  readonly ranges: readonly ReservedRange[];
}

export interface ReservedRange {
  readonly first: string;
  readonly last: string;
  readonly reservation: ReservationRecord;
}

/** The store's identity. In any state but "ready" every ADD is refused. */
export interface MetaRecord {
  readonly version: number;
  readonly uuid: string;
  /**
   * "suspect": a node has evidence that the store was thrown back to an earlier state. "moved": its address spaces live
   * in another store, or are about to. Only an operator ends either.
   */
  readonly state: "ready" | "suspect" | "recovering" | "moved";
  /**
   * Rises about once a minute, by whichever node finds that nobody has raised it. A node that has seen a
   * higher one knows that the store was thrown back, also where its revision was moved on by hand.
   */
  readonly epoch?: number;
  /** Rises with each import from elsewhere, so that agents look for what it brought for their nodes. */
  readonly imports?: number;
  /** Who put the store into the state "suspect", and why. */
  readonly suspicion?: Suspicion;
  /** Where its address spaces live, in the state "moved". */
  readonly moved?: MovedAway;
  /**
   * ID of the last recovery that an operator began (docs/recovery.md). In each recovery, every node
   * writes once what its living attachments hold, and then uses this store.
   */
  readonly recovery?: string;
  /** Recoveries before that one, the last ones, so that a node knows also those that it did not take part in. */
  readonly formerRecoveries?: readonly string[];
}

/** `kube-ipam store move` has taken the address spaces to another store, or is about to. */
export interface MovedAway {
  /** ID of the move: source and target have the same one. */
  readonly move: string;
  /** The other store, for people. */
  readonly to: string;
  /** Of a store that is being written from the other one: it is the target. */
  readonly copy?: true;
  /** The command that writes it. Another one that goes on with the move, or takes it back, stops that one. */
  readonly by?: string;
  /** Wall clock of the writer, for people. Never compared (NO-CLOCKS). */
  readonly since: string;
}

/** A node's evidence that the store was thrown back. */
export interface Suspicion {
  readonly node: string;
  /** The evidence, for people. */
  readonly why: string;
  /** Wall clock of the writer, for people. Never compared (NO-CLOCKS). */
  readonly since: string;
}

/**
 * Says that somebody else than its own node freed an attachment: by force, or because the node was fenced.
 * Without it, the node would take the missing record for one that the store has lost.
 */
export interface ReleasedRecord {
  readonly version: number;
  /** The ADD whose record was freed. */
  readonly requestId: string;
}

/** Kind of the "owner" that counts a namespace's addresses of a pool. It reserves nothing. */
export const SHARE_KIND = "Pool";

/** One node's answer in a recovery. */
export interface NodeRecoveryRecord {
  readonly version: number;
  /** The recovery that it answered. */
  readonly recovery: string;
  readonly node: string;
  /** What the node's cluster is called, where known: two clusters may each have a node of this name. */
  readonly cluster?: string;
  /** How many living attachments the node knows. */
  readonly attachments: number;
  /** How many of them the store lacked and the node wrote. */
  readonly written: number;
  readonly conflicts: readonly RecoveryConflict[];
  /** Address spaces that the node uses. */
  readonly spaces: readonly string[];
  /**
   * How many nodes had answered before this one read the store. A conflict that is still there after
   * all other answers is real.
   */
  readonly answersSeen: number;
  readonly since: string;
}

/** A living attachment has this address, but the store says that another one holds it. */
export interface RecoveryConflict {
  readonly space: string;
  readonly address: string;
  readonly attachment: AttachmentId;
  readonly pod?: PodId;
  /** The holder by the store, in words. */
  readonly heldBy: string;
}

/** Names one record. Only the store maps it to a key. */
export type Ref =
  | { readonly kind: "meta" }
  | {
      readonly kind: "attachment";
      readonly node: string;
      readonly id: AttachmentId;
      /** Its first address, where the caller expects to know it: a store may find the record by it. No part of its name. */
      readonly likely?: { readonly space: string; readonly address: Address };
    }
  | { readonly kind: "allocation"; readonly space: string; readonly address: Address }
  | { readonly kind: "reservation"; readonly space: string; readonly address: Address }
  | { readonly kind: "cooling"; readonly space: string; readonly address: Address }
  | { readonly kind: "owner"; readonly space: string; readonly owner: Owner }
  | { readonly kind: "reservedRanges"; readonly space: string }
  | { readonly kind: "network"; readonly name: string }
  /** `node` is the node's name, followed by "@" and its cluster's name where that is known. */
  | { readonly kind: "recovery"; readonly node: string }
  | { readonly kind: "released"; readonly node: string; readonly id: AttachmentId };

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
  readonly released: ReleasedRecord;
}

/** The type of record that a reference leads to. */
export type RecordOf<R extends Ref> = RecordTypes[R["kind"]];
