import { cidrInterval } from "../../address/cidr.ts";
import { type Interval, merged, overlapFinder } from "../../address/interval.ts";
import { type RangeSet, subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import type { FurtherNetwork } from "./further-networks.ts";
import { FIRST, isMoved, MOST_DEFAULTS, numberOf, type PodNetworks } from "./pod-networks.ts";
import { holdsAll, type KnownNetwork, type Unclaimed } from "./unclaimed.ts";

/** Whether another interface of the pod fulfils or refuses a wish. */
export type Claim =
  | /** One does that is known. */ "claimed"
  /** The pod names one that is not known, or a network may be one that every pod gets: worth telling. */
  | "passed on"
  /** None does: the wish must be refused, or it would be lost. */
  | "nobody's";

/**
 * Judges one wish that the interface cannot fulfil (docs/design.md section 5). What the definitions of
 * networks say counts as far as they were looked up: "claimed" is certain without, the rest is not.
 */
export function judgeClaim(wish: Unclaimed, pod: PodNetworks): Claim {
  if (isAttached(wish, pod)) return "claimed";
  const { scope } = wish;
  if (scope === undefined) return judgePlain(wish, pod);
  if (scope === FIRST) return "nobody's";
  const entry = entryNamed(scope, pod);
  if (entry === undefined) return isCalled(scope, pod) ? "claimed" : judgeUnlisted(scope, wish, pod);
  const network = networkOf(entry, pod);
  if (network !== undefined) return isMetBy(scope, entry, network) ? "claimed" : "nobody's";
  const definition = pod.definitions.get(entry)?.kind;
  if (isEarlier(entry, pod)) return "nobody's";
  if (definition === "foreign") return mayBeDefault(scope, wish, pod) ? "passed on" : "nobody's";
  return isOwn(wish, pod) ? "nobody's" : "passed on";
}

/**
 * The network of an entry of the pod's list, where definition or store tell that it is kube-ipam's. The store
 * knows networks by their own names, which a definition of another plugin may have, too.
 */
export function networkOf(
  entry: FurtherNetwork,
  { known, definitions }: PodNetworks,
): KnownNetwork | undefined {
  const definition = definitions.get(entry);
  if (definition?.kind === "ours") return definition;
  return definition?.kind === "foreign" ? undefined : known.get(entry.name);
}

/** The entries of the pod's list on which a claim rests that no definition proves yet. */
export function supposedFor({ asks, scope }: Unclaimed, pod: PodNetworks): FurtherNetwork[] {
  if (scope !== undefined) return [entryNamed(scope, pod) ?? []].flat();
  return pod.further.filter((entry) => holdsAll(networkOf(entry, pod) ?? { subnets: [] }, asks));
}

/** Those before it were attached already, and are in the store if they are ours at all. */
export function isEarlier(entry: FurtherNetwork, { further, position }: PodNetworks): boolean {
  return further.indexOf(entry) < position.index;
}

function judgePlain({ asks }: Unclaimed, pod: PodNetworks): Claim {
  const { asked, further, known, position } = pod;
  const isOther = ({ name }: KnownNetwork) => name !== asked.network.name;
  const networks = further.flatMap((entry) => networkOf(entry, pod) ?? []);
  if (networks.some((network) => isOther(network) && holdsAll(network, asks))) return "claimed";
  // With a list, a wish that means a network which every pod gets must say so.
  if (further.length > 0 || position.index !== -1) return "nobody's";
  const isHeld = [...known.values()].some(
    (network) => network.further === true && isOther(network) && holdsAll(network, asks),
  );
  return isHeld ? "passed on" : "nobody's";
}

/** A key that names no entry of the pod's list: of a network that every pod gets, or moved by one. */
function judgeUnlisted(scope: string, wish: Unclaimed, pod: PodNetworks): Claim {
  if (isOwn(wish, pod)) return "nobody's";
  const number = numberOf(scope);
  if (number === undefined) {
    return pod.known.has(scope) && isBeforeDefaults(pod) ? "passed on" : "nobody's";
  }
  const { asked, further, position } = pod;
  if (number <= (numberOf(asked.ifname) ?? 0)) return "nobody's";
  const later = further.slice(position.index + 1);
  if (later.some(({ numbered }) => mayBeNumbered(numbered, number, position.shift))) return "passed on";
  const isPlausible = number <= further.length + MOST_DEFAULTS;
  return isPlausible && isBeforeDefaults(pod) ? "passed on" : "nobody's";
}

function mayBeNumbered(numbered: number | undefined, number: number, shift: number | undefined): boolean {
  return shift === undefined
    ? isMoved(numbered, number)
    : numbered !== undefined && numbered + shift === number;
}

/** An interface of another plugin's by the pod's list may still be one that every pod gets, and is ours. */
function mayBeDefault(scope: string, wish: Unclaimed, pod: PodNetworks): boolean {
  if (numberOf(scope) === undefined || !isBeforeDefaults(pod) || isOwn(wish, pod)) return false;
  return [...pod.known.values()].some((network) => holdsAll(network, wish.asks));
}

/** Whether an interface that has its addresses already fulfilled or refused the wish. */
export function isAttached({ asks, scope }: Unclaimed, { attached, known }: PodNetworks): boolean {
  return attached.some(({ ifname, network, subnets }) => {
    if (scope !== undefined) return scope === ifname || scope === network;
    return holdsAll(subnets === undefined ? (known.get(network) ?? { subnets: [] }) : { subnets }, asks);
  });
}

/** The entry of the pod's list whose interface, or else whose definition, a key names. */
export function entryNamed(
  scope: string,
  { asked, further, position }: PodNetworks,
): FurtherNetwork | undefined {
  // An interface that the list does not number so proves that the numbers are moved, not by how much.
  const isMovedAnyhow = position.index === -1 && numberOf(asked.ifname) !== undefined;
  const nameOf = ({ ifname, numbered }: FurtherNetwork) =>
    numbered === undefined ? ifname : isMovedAnyhow ? "" : `net${numbered + (position.shift ?? 0)}`;
  const others = further.filter((entry, index) => index !== position.index && nameOf(entry) !== asked.ifname);
  return others.find((entry) => nameOf(entry) === scope) ?? others.find(({ name }) => name === scope);
}

/** Whether a definition of the pod's list tells that its network is called so. */
function isCalled(scope: string, pod: PodNetworks): boolean {
  return pod.further.some((entry) => networkOf(entry, pod)?.name === scope);
}

/** By its definition's name nobody knows a network that is called otherwise. */
function isMetBy(scope: string, entry: FurtherNetwork, { name }: KnownNetwork): boolean {
  return scope !== entry.name || name === scope;
}

/** Whether networks that every pod gets may still follow: after the first interface, and after one of theirs. */
function isBeforeDefaults({ position }: PodNetworks): boolean {
  return position.index === -1;
}

/** Whether this very network has one of the addresses: then nobody else gives it. */
function isOwn({ asks }: Unclaimed, { asked }: PodNetworks): boolean {
  return asks.some(overlapsSubnet(asked.network.sets));
}

const overlapsSubnet = remembered((sets: readonly RangeSet[]) => {
  const overlapping = overlapFinder(
    merged(subnetsOfSets(sets).map(cidrInterval)),
    (each) => each,
    () => "subnets",
  );
  return (interval: Interval) => overlapping(interval, "asked") !== undefined;
});
