import type { DefinedNetwork } from "../cluster-port.ts";
import type { IpamError } from "../errors.ts";
import type { Asked } from "./annotation.ts";
import type { FurtherNetwork } from "./further-networks.ts";
import type { KnownNetwork } from "./unclaimed.ts";

/** The first interface of a pod, which the runtime makes; Multus adds the others after it. */
export const FIRST = "eth0";

/**
 * How many networks a cluster is thought to give to every pod (Multus' default networks). No pod names them:
 * they are attached after the first interface and before those that the pod names, and move the numbers of
 * these up.
 */
export const MOST_DEFAULTS = 4;

/** An interface of the same container that has addresses already, or is known to get them. */
export interface AttachedInterface {
  readonly ifname: string;
  readonly network: string;
}

/** What Kubernetes says of an entry of the pod's list: its definition, none of that name, or no answer. */
export type Definition =
  | DefinedNetwork
  | { readonly kind: "absent" }
  | { readonly kind: "unasked"; readonly failure?: IpamError };

/** All that is known of a pod's networks when one of its interfaces is judged. */
export interface PodNetworks {
  readonly asked: Asked;
  readonly further: readonly FurtherNetwork[];
  readonly place: Place;
  /** What the store knows of networks, by name. */
  readonly known: ReadonlyMap<string, KnownNetwork>;
  readonly attached: readonly AttachedInterface[];
  /** Of the entries that the store does not know by their name; empty before they were looked up. */
  readonly definitions: ReadonlyMap<FurtherNetwork, Definition>;
}

/** Where an interface stands among the pod's. */
export interface Place {
  /** In the pod's list; -1 for the first interface and for one of a network that every pod gets. */
  readonly index: number;
  /** By how much networks that every pod gets move up the numbers of the list's, where that is known. */
  readonly shift?: number;
}

/** Finds the place of the interface that is judged. */
export function placeOf(
  { ifname, network }: Asked,
  further: readonly FurtherNetwork[],
  known: PodNetworks["known"],
): Place {
  const given = further.findIndex((entry) => entry.numbered === undefined && entry.ifname === ifname);
  if (given !== -1) return { index: given };
  const number = numberOf(ifname);
  if (number === undefined) return { index: -1 };
  const named = further.findLastIndex(
    ({ name, numbered }) => name === network.name && isMoved(numbered, number),
  );
  const index = named !== -1 ? named : further.findIndex(({ numbered }) => numbered === number);
  const entry = further[index];
  if (entry?.numbered === undefined) return { index: -1 };
  if (entry.name !== network.name && known.has(entry.name)) return { index: -1 };
  return { index, shift: number - entry.numbered };
}

/** Whether an entry's interface may have this number, with the networks that every pod gets before it. */
export function isMoved(numbered: number | undefined, number: number): boolean {
  return numbered !== undefined && numbered <= number && number <= numbered + MOST_DEFAULTS;
}

/** 2 for "net2"; undefined for any other name. */
export function numberOf(ifname: string): number | undefined {
  const digits = /^net([1-9][0-9]{0,3})$/.exec(ifname)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
