import { formatAddress } from "../../address/address.ts";
import { cidrContains, parseCidr } from "../../address/cidr.ts";
import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import { clusterRelation } from "../cluster-relation.ts";
import { isPod, podIsGone } from "../evidence/fencing.ts";
import { KnownBoots } from "../evidence/known-boots.ts";
import type { Live } from "../evidence/live-read.ts";
import { type ShownAddress, shownAddresses } from "../evidence/network-status.ts";
import type { Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Entry } from "../store-port.ts";
import { damagedIn } from "./damage.ts";
import type { AuditInput, LiveCluster, SpacedNetwork } from "./types.ts";

/** The audit's input, with everything at hand that is looked up more than once. */
export interface Scene extends AuditInput {
  /** The allocations of one address, in whatever space. */
  allocationsOf(address: string): readonly Entry<"allocation">[];
  /** Whether the store holds an address by a record that cannot be read, so that nobody knows for whom. */
  isHeldByDamage(space: string, shown: ShownAddress): boolean;
  pod(holder: Holder): Live<PodFacts>;
  node(holder: Holder): Live<NodeFacts>;
  shown(pod: PodFacts): readonly ShownAddress[];
  /** The holder, its node's name verified where that is known of its boot. */
  verified(holder: Holder): Holder;
  /** The address spaces in which an address that a pod shows can lie. */
  spacesOf(shown: ShownAddress): readonly string[];
}

export function sceneOf(input: AuditInput): Scene {
  const byAddress = Map.groupBy(input.records.allocations, ({ ref }) => formatAddress(ref.address));
  const pods = new Map(input.live?.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const nodes = new Map(input.live?.nodes.map((node) => [node.name, node]));
  const shown = new Map<PodFacts, readonly ShownAddress[]>();
  const boots = new KnownBoots();
  for (const node of input.live?.nodes ?? []) boots.learnNode(node);
  for (const { record } of input.records.allocations)
    for (const holder of record.holders) boots.learnHolder(holder);
  const isDamaged = damagedIn(input.records);
  const networks = [...input.records.networks.map(networkOf), ...(input.networks ?? [])];
  return {
    ...input,
    allocationsOf: (address) => byAddress.get(address) ?? [],
    isHeldByDamage: (space, { address }) => isDamaged(refTo.allocation(space, address)),
    pod: ({ pod }) => lookUp(input.live, pod && pods.get(`${pod.namespace}/${pod.name}`)),
    node: ({ node }) => lookUp(input.live, nodes.get(node)),
    shown: (pod) => {
      const known = shown.get(pod) ?? shownAddresses(pod);
      shown.set(pod, known);
      return known;
    },
    verified: (holder) => boots.verified(holder),
    spacesOf: (address) => spacesOf(address, networks),
  };
}

/** Whether the holder's end can only be told by another cluster, or by one that is not known. */
export function isForeign({ cluster }: Holder, { clusterUid }: Scene): boolean {
  return clusterRelation(cluster, clusterUid) !== "same";
}

/** Whether the holder is one of this node's, so that this node sees its network namespace. */
export function isHere({ cluster, node }: Holder, { clusterUid, here }: Scene): boolean {
  return here !== undefined && node === here.name && cluster === clusterUid;
}

/** The holder's very pod, unless it is gone, replaced or finished. */
export function livePod(holder: Holder, scene: Scene): PodFacts | undefined {
  const live = scene.pod(holder);
  if (holder.pod === undefined || typeof live === "string" || live.finished) return undefined;
  return podIsGone(holder.pod, live) ? undefined : live;
}

/** False only where the holder is proven to have ended: one that cannot be judged from here counts as alive. */
export function mayLive(holder: Holder, scene: Scene): boolean {
  return isForeign(holder, scene) || holder.pod === undefined || livePod(holder, scene) !== undefined;
}

/** Whether by the store this pod has the address. */
export function isHolder(pod: PodFacts, { pod: held }: Holder): boolean {
  if (held === undefined || held.namespace !== pod.namespace || held.name !== pod.name) return false;
  return held.uid === undefined || isPod(pod, held.uid);
}

/** Launchers of one KubeVirt instance, which may share an address while it migrates live. */
export function areOneMachine(pods: readonly PodFacts[]): boolean {
  const instances = pods.map(
    ({ ownerReferences }) =>
      ownerReferences.find(({ controller, kind }) => controller && kind === "VirtualMachineInstance")?.uid,
  );
  return instances[0] !== undefined && instances.every((uid) => uid === instances[0]);
}

function lookUp<T>(live: LiveCluster | undefined, found: T | undefined): Live<T> {
  return live === undefined ? "unknown" : (found ?? "absent");
}

function networkOf({ ref, record }: Entry<"network">): SpacedNetwork {
  return { name: ref.name, space: record.space, subnets: record.subnets.map(parseCidr) };
}

/** Multus names a network after its definition, which need not be the configuration's name. */
function spacesOf({ address, network }: ShownAddress, networks: readonly SpacedNetwork[]): string[] {
  const holding = networks.filter(({ subnets }) => subnets.some((subnet) => cidrContains(subnet, address)));
  const named = holding.filter(({ name }) => name === network || name === network?.split("/").at(-1));
  return [...new Set((named.length > 0 ? named : holding).map(({ space }) => space))];
}
