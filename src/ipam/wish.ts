import type { Address } from "../address/address.ts";
import type { Interval } from "../address/interval.ts";
import type { AskingPod, OwnerFacts } from "./cluster-port.ts";
import type { Retention } from "./records.ts";

/** What a pod, or the runtime for it, asks of one network. */
export interface Wish {
  /** Addresses asked for by name, at most one per range set. Empty: any dynamic address will do. */
  readonly fixed: readonly FixedAddress[];
  /** kube-ipam.ips: any free address of these, or the one at `owner.ordinal`. */
  readonly set?: readonly Interval[];
  readonly sticky: boolean;
  /** kube-ipam.retain; default "workload". */
  readonly retain: Retention;
  /**
   * What the pod asks of networks that may be its own, but that nothing known proves to be: for people,
   * who else could not tell that nobody takes it.
   */
  readonly passedOn?: readonly string[];
  /** The asking pod, where the wish was read from Kubernetes. */
  readonly pod?: AskingPod;
  /** The owner that a fixed or sticky address is reserved for; absent without a pod. */
  readonly owner?: OwnerFacts;
}

export interface FixedAddress {
  readonly address: Address;
  /** Overrides the subnet's prefix length. */
  readonly prefix?: number;
  /** Overrides the range's gateway. */
  readonly gateway?: Address;
  /** The annotation or parameter that named it, for messages: "kube-ipam.ip". */
  readonly source: string;
}

/** The wish for any address, without a reservation. */
export const NO_WISH: Wish = { fixed: [], sticky: false, retain: "workload" };

/** Whether any address will do. */
export function takesAny({ fixed, set, sticky }: Pick<Wish, "fixed" | "set" | "sticky">): boolean {
  return fixed.length === 0 && set === undefined && !sticky;
}
