import { subnetsOfSets } from "../../address/range.ts";
import { AbsentError } from "../../command-line/failure.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { shownAddresses } from "../../ipam/evidence/network-status.ts";
import { readOnlyNode } from "../../ipam/explain/read-only-node.ts";
import { podName } from "../../ipam/in-words.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { PodId } from "../../ipam/records.ts";
import type { AttachedInterface } from "../../ipam/wish/pod-networks.ts";
import type { ClusterAccess } from "../cluster-access.ts";
import type { Answer, Explained } from "./answer.ts";
import { explainInterface, type Seen } from "./explain-interface.ts";
import { heldBy } from "./held.ts";
import { interfacesOf, type PodInterface } from "./interfaces.ts";
import type { KnownNetwork } from "./known-network.ts";
import { type EntryNetwork, knownNetworks, networkOfEntry } from "./known-networks.ts";
import { misplacedAbove } from "./misplaced.ts";
import type { WhyContext } from "./why-context.ts";

/**
 * What a pod asks for, has, or waits for, interface by interface, by the ADD's own code.
 *
 * @throws AbsentError when neither Kubernetes nor the store knows the pod; StoreFailure, IpamError.
 */
export async function answerFor(id: PodId, context: WhyContext): Promise<Answer> {
  const { access, options } = context;
  const live = await access?.cluster.pod(id, options.deadline);
  const held = await heldBy(id, live, context);
  if (live === undefined && held.length === 0) throw absent(podName(id), access);
  const known = await knownNetworks(context);
  const shown = new Set(live === undefined ? [] : shownAddresses(live).map(({ text }) => text));
  const sandbox = held[0]?.holder.attachment.container;
  const seen = { shown, ...(sandbox !== undefined && { sandbox }) };
  const interfaces = interfacesOf(live, held, known, context.network);
  return {
    pod: id,
    ...(live && { live }),
    shown,
    interfaces:
      live && access && needsAddresses(live)
        ? await explainAll({ live, access, known, seen, interfaces }, context)
        : interfaces,
    misplaced: live && access ? await misplacedAbove(live, access, options.deadline) : [],
    ...(access && { kubernetes: access.source }),
  };
}

function needsAddresses({ finished, hostNetwork }: PodFacts): boolean {
  return !finished && hostNetwork !== true;
}

/** A pod that Kubernetes knows, with what was found of it before one of its interfaces is looked at. */
interface LivePod {
  readonly live: PodFacts;
  readonly access: ClusterAccess;
  readonly known: ReadonlyMap<string, KnownNetwork>;
  readonly seen: Omit<Seen, "others">;
  readonly interfaces: readonly PodInterface[];
}

async function explainAll(pod: LivePod, context: WhyContext): Promise<Explained[]> {
  const { deadline } = context.options;
  const found: PodInterface[] = [];
  for (const each of pod.interfaces) {
    const { network, note } = await networkOf(each, pod, deadline);
    const known = network && { name: network.network.name, network };
    found.push({ ...each, ...known, ...(note !== undefined && { note }) });
  }
  const explained: Explained[] = [];
  for (const each of found) explained.push(await explainOne(each, found, pod, context));
  return explained;
}

async function explainOne(
  each: PodInterface,
  all: readonly PodInterface[],
  pod: LivePod,
  context: WhyContext,
): Promise<Explained> {
  const { network } = each;
  if (network === undefined) return each;
  const ports = await portsOfNode(pod.live, pod.access, context);
  const seen = { ...pod.seen, others: othersOf(each, all) };
  const about = { network, live: pod.live, seen };
  const explanation = await explainInterface(each, about, ports, context.options.deadline);
  return { ...each, explanation };
}

async function networkOf(
  { entry, network }: PodInterface,
  { live, known, access }: LivePod,
  deadline: number,
): Promise<EntryNetwork> {
  if (entry === undefined) return network === undefined ? {} : { network };
  return networkOfEntry(entry, { podNamespace: live.namespace, known, access }, deadline);
}

/** They have been attached, or will be, and are judged for themselves. */
function othersOf({ ifname: own }: PodInterface, all: readonly PodInterface[]): AttachedInterface[] {
  return all.flatMap(({ ifname, network }) =>
    ifname === own || network === undefined
      ? []
      : [{ ifname, network: network.network.name, subnets: subnetsOfSets(network.network.sets) }],
  );
}

/** As the plugin on the pod's own node would see it, as far as that can be seen from here. */
async function portsOfNode(
  { nodeName }: PodFacts,
  { cluster, names }: ClusterAccess,
  { ports, options }: WhyContext,
): Promise<Ports> {
  const object = nodeName === undefined ? undefined : await cluster.node(nodeName, options.deadline);
  const isHere = nodeName === ports.node.name && (object?.bootId ?? ports.node.bootId) === ports.node.bootId;
  const bootId = isHere ? ports.node.bootId : (object?.bootId ?? "");
  return {
    store: ports.store,
    node: readOnlyNode(ports.node, { name: nodeName ?? "(no node yet)", bootId }),
    cluster,
    ...(ports.store.description.shared && { clusterNames: names }),
    log: () => undefined,
    random: Math.random,
  };
}

function absent(name: string, access: ClusterAccess | undefined): AbsentError {
  return access === undefined
    ? new AbsentError(
        `the store holds nothing for pod ${name}, and Kubernetes was not asked`,
        "name a kubeconfig with --kubeconfig: what a pod asks for stands in its annotations",
      )
    : new AbsentError(`there is no pod ${name}, and the store holds nothing for one of that name`);
}
