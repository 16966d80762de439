import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { SpelledAddress } from "../address/spelled-address.ts";
import type {
  EtcdSettings,
  KubernetesStoreSettings,
  StoreSettings,
} from "../config/network-configuration.ts";
import type { CallOptions, Store, StoreDescription, StoreFailure } from "../ipam/store-port.ts";

/**
 * A configured store, open or not: what is known without opening it, and what can be done with it beside
 * the Store port. What only some kinds of store have is a member that may be undefined, so that no other
 * code asks for the kind.
 */
export interface ConfiguredStore {
  /** The description that the store has once it is open. */
  readonly description: StoreDescription;
  /** Its name in messages: "etcd https://10.1.2.3:2379". */
  readonly title: string;
  /**
   * The file of this node that holds the whole store; opening creates it where it is missing. Undefined
   * for a store that is not on this node.
   */
  readonly file: string | undefined;
  /** Opens the store; loads no code of other kinds. @throws StoreFailure */
  open(): Promise<Store>;
  /**
   * Opens the store for whoever must not begin it, while `file` is missing: an empty store that takes nothing,
   * until somebody else has made the file. Undefined for a store that opening does not create.
   */
  readonly openWithoutBeginning: (() => Promise<Store>) | undefined;
  /** The store's servers; undefined where it has none. */
  readonly members: Members | undefined;
  /**
   * Checks whether the credentials may write in `space`, without writing; undefined where only a write shows it.
   *
   * @throws StoreFailure refused.
   */
  readonly tryWriting: ((store: Store, space: string, options: CallOptions) => Promise<void>) | undefined;
  /**
   * Reads what kube-ipam 0.2 wrote there about its networks, or about the named one; undefined for a kind of
   * store that 0.2 did not use.
   *
   * @throws StoreFailure
   */
  readonly readLegacyNetworks:
    | ((name: string | undefined, options: CallOptions) => Promise<LegacyNetwork[]>)
    | undefined;
  /** Looks at what the store needs beside servers that answer; undefined where that is nothing. @throws IpamError */
  readonly prerequisites: ((options: CallOptions) => Promise<Prerequisite[]>) | undefined;
  /** Names the transactions that are not ended yet; undefined where there can be none. @throws StoreFailure */
  readonly unfinished: ((options: CallOptions) => Promise<string[]>) | undefined;
  /** The settings with another access; undefined for a store without credentials and prefix. */
  readonly withAccess: ((access: Access) => StoreSettings) | undefined;
  /** The cluster whose own API the store is, by these credentials, and the same by others; undefined for any other store. */
  readonly ofCluster:
    | { readonly settings: ClusterAccess; readonly by: (access: ClusterAccess) => StoreSettings }
    | undefined;
}

/** The servers that a store consists of. */
export interface Members {
  /** Asks each server for its own status, all at once. Never rejects. */
  ask(options: CallOptions): Promise<MemberStatus[]>;
  /** What to do about a server with an alarm. */
  readonly alarmRemedy: string;
  /** What to do before a server is full. */
  readonly roomRemedy: string;
}

/** Something that a store needs, and what was found of it. */
export interface Prerequisite {
  readonly name: string;
  readonly found: string;
  /** Absent where all is well. Grave: the store cannot be used. */
  readonly problem?: { readonly remedy: string; readonly isGrave: boolean };
}

/** The status of one server, or why it gives none. For people; no decision uses it. */
export type MemberStatus =
  | {
      readonly endpoint: string;
      readonly version: string;
      readonly leader: boolean;
      /** Bytes of its data. */
      readonly size: number;
      /** Bytes; undefined where the server does not report it. */
      readonly quota?: number;
      /** Its alarms and errors, such as "etcdserver: no leader". */
      readonly errors: readonly string[];
      /** Milliseconds from the first packet to the answer, connecting included. */
      readonly milliseconds: number;
    }
  | { readonly endpoint: string; readonly failure: StoreFailure };

/** A network as kube-ipam 0.2 left it. */
export interface LegacyNetwork {
  readonly name: string;
  readonly leases: readonly LegacyLease[];
  /** The ranges of the last configuration that a node wrote. */
  readonly ranges: readonly { readonly subnet: Cidr; readonly gateway?: Address }[];
  /** Keys that end with no address: they are not imported. */
  readonly unreadable: readonly string[];
}

export interface LegacyLease extends SpelledAddress {
  readonly key: string;
  /** As it stands there: perhaps empty, or no container's ID. */
  readonly container: string;
}

/** Where a cluster is, and who asks it. */
export type ClusterAccess = Omit<KubernetesStoreSettings, "kind">;

/** Access settings that override the configuration; absent ones are as configured. */
export type Access = Partial<
  Pick<EtcdSettings, "certFile" | "keyFile" | "trustedCaFile" | "username" | "passwordFile" | "prefix">
>;
