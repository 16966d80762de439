import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { EtcdSettings, StoreSettings } from "../config/network-configuration.ts";
import type { CallOptions, Store, StoreDescription, StoreFailure } from "../ipam/store-port.ts";

/**
 * A store that is configured, open or not: what can be known of it without opening it, and what can be
 * done with it beside the Store port. Whatever one kind of store has and another lacks is a member here
 * that may be undefined, so that nobody else asks for the kind.
 */
export interface ConfiguredStore {
  /** What the store says of itself once it is open. */
  readonly description: StoreDescription;
  /** As messages call it: "etcd https://10.1.2.3:2379". */
  readonly title: string;
  /**
   * The file of this node that holds all of it, and that opening makes where it is missing; undefined
   * where the store does not lie on this node.
   */
  readonly file: string | undefined;
  /** Opens it, and loads the code of this kind alone. @throws StoreFailure */
  open(): Promise<Store>;
  /** Undefined where there are no servers that could be asked one by one. */
  readonly members: Members | undefined;
  /**
   * Finds out whether writing in `space` is allowed, and writes nothing; undefined where only a write tells.
   *
   * @throws StoreFailure refused.
   */
  readonly tryWriting: ((store: Store, space: string, options: CallOptions) => Promise<void>) | undefined;
  /**
   * Reads what kube-ipam 0.2 left there about all networks, or the one that is named; undefined where it
   * never kept anything.
   *
   * @throws StoreFailure
   */
  readonly readLegacyNetworks:
    | ((name: string | undefined, options: CallOptions) => Promise<LegacyNetwork[]>)
    | undefined;
  /** The same store by another access; undefined where nothing of the kind leads to it. */
  readonly withAccess: ((access: Access) => StoreSettings) | undefined;
}

/** The servers that a store consists of. */
export interface Members {
  /** Asks every one for itself, all at once. Never rejects. */
  ask(options: CallOptions): Promise<MemberStatus[]>;
  /** What an operator does about one that raises an alarm. */
  readonly alarmRemedy: string;
  /** What an operator does before one is full. */
  readonly roomRemedy: string;
}

/** What one server says of itself, or why it says nothing. For people; no decision rests on it. */
export type MemberStatus =
  | {
      readonly endpoint: string;
      readonly version: string;
      readonly leader: boolean;
      /** Bytes of its data. */
      readonly size: number;
      /** Bytes; undefined where it does not tell. */
      readonly quota?: number;
      /** Its alarms and complaints, e.g. "etcdserver: no leader". */
      readonly errors: readonly string[];
      /** Milliseconds from the first packet to the answer, connecting included. */
      readonly milliseconds: number;
    }
  | { readonly endpoint: string; readonly failure: StoreFailure };

/** A network as kube-ipam 0.2 left it. */
export interface LegacyNetwork {
  readonly name: string;
  readonly leases: readonly { readonly address: Address; readonly container: string }[];
  /** What the last configuration said that any node wrote. */
  readonly ranges: readonly { readonly subnet: Cidr; readonly gateway?: Address }[];
  /** Keys that are no lease: they are not imported. */
  readonly unreadable: readonly string[];
}

/** How an operator reaches a store where that differs from the configuration: absent is as configured. */
export type Access = Partial<
  Pick<EtcdSettings, "certFile" | "keyFile" | "trustedCaFile" | "username" | "passwordFile" | "prefix">
>;
