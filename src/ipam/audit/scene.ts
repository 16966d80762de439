import { type Address, formatAddress } from "../../address/address.ts";
import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import { remembered } from "../../address/remembered.ts";
import { allHolding } from "../../address/segments.ts";
import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import { clusterRelation, isOwnHolder, isUndecided } from "../cluster-relation.ts";
import { isPod, podIsGone } from "../evidence/fencing.ts";
import { KnownBoots } from "../evidence/known-boots.ts";
import type { Live } from "../evidence/live-read.ts";
import { type ShownAddress, shownAddresses } from "../evidence/network-status.ts";
import { definitionsOf } from "../network-definitions.ts";
import type { Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Entry } from "../store-port.ts";
import { damagedIn } from "./damage.ts";
import { heldNetworks } from "./held-networks.ts";
import type { AuditInput, LiveCluster, SpacedNetwork } from "./types.ts";

/** The audit's input, with indexes for what it looks up more than once. */
export interface Scene extends AuditInput {
  /** The allocations of one address, in all spaces. */
  allocationsOf(address: string): readonly Entry<"allocation">[];
  /** Whether the allocation of an address exists but cannot be read, so that its holder is not known. */
  isHeldByDamage(space: string, shown: ShownAddress): boolean;
  pod(holder: Holder): Live<PodFacts>;
  node(holder: Holder): Live<NodeFacts>;
  shown(pod: PodFacts): readonly ShownAddress[];
  /** The pods that have not finished and show this address. */
  podsShowing(address: string): readonly PodFacts[];
  /** The holder, with `nodeVerified` set where its boot proves its node's name. */
  verified(holder: Holder): Holder;
  /** The address spaces that an address shown by a pod may belong to. */
  spacesOf(shown: ShownAddress): readonly string[];
}

/** Prepares the input of an audit. */
export function sceneOf(input: AuditInput): Scene {
  const byAddress = Map.groupBy(input.records.allocations, ({ ref }) => formatAddress(ref.address));
  const pods = new Map(input.live?.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const nodes = new Map(input.live?.nodes.map((node) => [node.name, node]));
  const shown = new Map<PodFacts, readonly ShownAddress[]>();
  const boots = input.known?.boots ?? new KnownBoots(input.clusterNames);
  for (const node of input.live?.nodes ?? []) boots.learnNode(node);
  for (const { record } of input.records.allocations)
    for (const holder of record.holders) boots.learnHolder(holder);
  const isDamaged = damagedIn(input.records);
  const networks = {
    recorded: input.records.networks,
    held: input.known?.held ?? heldNetworks(input.records),
    networks: input.networks ?? [],
  };
  const shownBy = (pod: PodFacts) => {
    const known = shown.get(pod) ?? shownAddresses(pod);
    shown.set(pod, known);
    return known;
  };
  let showing: Map<string, PodFacts[]> | undefined;
  return {
    ...input,
    allocationsOf: (address) => byAddress.get(address) ?? [],
    isHeldByDamage: (space, { address }) => isDamaged(refTo.allocation(space, address)),
    pod: ({ pod }) => lookUp(input.live, pod && pods.get(`${pod.namespace}/${pod.name}`)),
    node: ({ node }) => lookUp(input.live, nodes.get(node)),
    shown: shownBy,
    podsShowing: (address) => {
      showing ??= podsByAddress(input.live?.pods ?? [], shownBy);
      return showing.get(address) ?? [];
    },
    verified: (holder) => boots.verified(holder),
    spacesOf: spaceFinder(networks),
  };
}

/** A function that tells the address spaces that an address shown by a pod may belong to. */
export function spaceFinder({
  held,
  networks,
  recorded,
}: {
  readonly recorded: readonly Entry<"network">[];
  readonly held: readonly SpacedNetwork[];
  readonly networks: readonly SpacedNetwork[];
}): (shown: ShownAddress) => readonly string[] {
  const all = [...recorded.flatMap(networksOf), ...held, ...networks];
  return (shown) => spacesOf(shown, networksWith(all));
}

/** Whether the holder is of another cluster, or of one that is not known, so that it cannot be judged here. */
export function isForeign(holder: Holder, scene: Scene): boolean {
  if (isHere(holder, scene)) return false;
  const { cluster } = scene.verified(holder);
  if (clusterRelation(cluster, scene.clusterNames) === "same") return false;
  return !isUndecided(cluster, scene.clusterNames) || !isShownByUid(holder, scene);
}

/** Whether the holder is on this node, which then sees its network namespace. */
export function isHere(holder: Holder, { clusterNames, here }: Scene): boolean {
  if (here === undefined || holder.node !== here.name) return false;
  return isOwnHolder(holder, { node: here, ...(clusterNames && { clusterNames }) });
}

/** The holder's pod; undefined where it is gone, replaced or finished, or not known. */
export function livePod(holder: Holder, scene: Scene): PodFacts | undefined {
  const live = scene.pod(holder);
  if (holder.pod === undefined || typeof live === "string" || live.finished) return undefined;
  return podIsGone(holder.pod, live) ? undefined : live;
}

/** False only where the holder is proven to have ended: a holder that cannot be judged here counts as alive. */
export function mayLive(holder: Holder, scene: Scene): boolean {
  return isForeign(holder, scene) || holder.pod === undefined || livePod(holder, scene) !== undefined;
}

/** Whether this pod is the holder. */
export function isHolder(pod: PodFacts, { pod: held }: Holder): boolean {
  if (held === undefined || held.namespace !== pod.namespace || held.name !== pod.name) return false;
  return held.uid === undefined || isPod(pod, held.uid);
}

/**
 * Whether all pods are launchers of one KubeVirt instance: they may share an address while it migrates
 * live.
 */
export function areOneMachine(pods: readonly PodFacts[]): boolean {
  const instances = pods.map(
    ({ ownerReferences }) =>
      ownerReferences.find(({ controller, kind }) => controller && kind === "VirtualMachineInstance")?.uid,
  );
  return instances[0] !== undefined && instances.every((uid) => uid === instances[0]);
}

function podsByAddress(
  pods: readonly PodFacts[],
  shownBy: (pod: PodFacts) => readonly ShownAddress[],
): Map<string, PodFacts[]> {
  const found = new Map<string, PodFacts[]>();
  for (const pod of pods) {
    if (pod.finished) continue;
    for (const { text } of shownBy(pod)) {
      const showing = found.get(text);
      if (showing === undefined) found.set(text, [pod]);
      else showing.push(pod);
    }
  }
  return found;
}

/** Whether the API has the very pod: no other cluster can have its UID. */
function isShownByUid(holder: Holder, scene: Scene): boolean {
  const live = scene.pod(holder);
  return typeof live !== "string" && holder.pod?.uid !== undefined && isPod(live, holder.pod.uid);
}

function lookUp<T>(live: LiveCluster | undefined, found: T | undefined): Live<T> {
  return live === undefined ? "unknown" : (found ?? "absent");
}

/** One for each definition: pods may still show addresses of a subnet that the network has left. */
function networksOf({ ref, record }: Entry<"network">): SpacedNetwork[] {
  return definitionsOf(record).map(({ space, subnets }) => ({
    name: ref.name,
    space,
    subnets: subnets.map(parseCidr),
  }));
}

/**
 * Prefers the network that Multus names. Multus uses the definition's name, which may differ from the
 * configuration's.
 */
function spacesOf(
  { address, network }: ShownAddress,
  networksOf: (address: Address) => readonly SpacedNetwork[],
): string[] {
  const holding = networksOf(address);
  const named = holding.filter(({ name }) => name === network || name === network?.split("/").at(-1));
  return [...new Set((named.length > 0 ? named : holding).map(({ space }) => space))];
}

/** A pod may show any number of addresses. */
const networksWith = remembered((networks: readonly SpacedNetwork[]) =>
  allHolding(networks, ({ subnets }) => subnets.map(cidrInterval)),
);
