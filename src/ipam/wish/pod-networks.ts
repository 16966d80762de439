import type { Cidr } from "../../address/cidr.ts";
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
  /** Of the definition that it was given its addresses by, where that is known: its name may have several. */
  readonly subnets?: readonly Cidr[];
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
  readonly position: Position;
  /** What the store knows of networks, by name. */
  readonly known: ReadonlyMap<string, KnownNetwork>;
  readonly attached: readonly AttachedInterface[];
  /** As far as they were looked up: what one says goes before what its name suggests. */
  readonly definitions: ReadonlyMap<FurtherNetwork, Definition>;
}

/** Where an interface stands among the pod's. */
export interface Position {
  /** In the pod's list; -1 for the first interface and for one of a network that every pod gets. */
  readonly index: number;
  /** By how much networks that every pod gets move up the numbers of the list's, where that is known. */
  readonly shift?: number;
  /** The entry of this number, whose definition would tell whether it is this interface. */
  readonly doubtful?: FurtherNetwork;
}

/** Finds the position of the interface that is judged, as far as the definitions were looked up. */
export function positionOf(
  { ifname, network }: Asked,
  { definitions, further, known }: Pick<PodNetworks, "definitions" | "further" | "known">,
): Position {
  const given = further.findIndex((entry) => entry.numbered === undefined && entry.ifname === ifname);
  if (given !== -1) return { index: given };
  const number = numberOf(ifname);
  if (number === undefined) return { index: -1 };
  const isOf = (entry: FurtherNetwork) => nameSaid(definitions.get(entry), entry.name) === network.name;
  const index = further.findLastIndex((entry) => isMoved(entry.numbered, number) && isOf(entry));
  const named = further[index]?.numbered;
  if (named !== undefined) return { index, shift: number - named };
  const entry = further.find(({ numbered }) => numbered === number);
  if (entry === undefined || isRead(definitions.get(entry))) return { index: -1 };
  const isAnother = known.has(entry.name);
  return { ...(isAnother ? { index: -1 } : { index: further.indexOf(entry), shift: 0 }), doubtful: entry };
}

/** Whether a definition says for certain which network it is. */
export function isRead(definition: Definition | undefined): boolean {
  return definition?.kind === "ours" || definition?.kind === "foreign";
}

/** What an entry's network is called: as its definition says, else probably as that is called. */
function nameSaid(definition: Definition | undefined, ofDefinition: string): string | undefined {
  if (definition?.kind === "ours") return definition.name;
  return definition?.kind === "foreign" ? undefined : ofDefinition;
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
