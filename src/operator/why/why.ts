import { type ClusterAccess, type KubernetesOptions, openAccess } from "../../cli/kubernetes.ts";
import type { Session } from "../../cli/open.ts";
import { AbsentError, UsageError } from "../../command-line/failure.ts";
import type { Format } from "../../command-line/output.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { shownAddresses } from "../../ipam/evidence/network-status.ts";
import type { Explanation } from "../../ipam/explain/explain.ts";
import { readOnlyNode } from "../../ipam/explain/read-only-node.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { PodId } from "../../ipam/records.ts";
import { explainInterface, type Seen } from "./explain-interface.ts";
import { heldBy } from "./held.ts";
import { interfacesOf, type PodInterface } from "./interfaces.ts";
import { type KnownNetwork, knownNetworks, type NetworkOptions, networkOfEntry } from "./known-networks.ts";
import { printAnswer } from "./sections.ts";

export interface WhyOptions extends KubernetesOptions, NetworkOptions {
  readonly output: Format;
  /** The network of the pod's first interface, where it cannot be told. */
  readonly network?: string;
}

/** Everything that is known of one pod's addresses. */
export interface Answer {
  readonly pod: PodId;
  readonly live?: PodFacts;
  readonly shown: ReadonlySet<string>;
  readonly interfaces: readonly Explained[];
  /** The kubeconfig; absent where Kubernetes was not asked. */
  readonly kubernetes?: string;
}

export interface Explained extends PodInterface {
  readonly explanation?: Explanation;
}

/**
 * `why NAMESPACE/POD`: what the pod wishes, has, or waits for, interface by interface, by the ADD's
 * own code; and what a person can do.
 *
 * @throws UsageError, AbsentError when neither Kubernetes nor the store knows the pod.
 */
export async function why(name: string, given: WhyOptions, session: Session): Promise<number> {
  const access = await openAccess(given, session);
  return printAnswer(await answerFor(readPod(name), given, access, session), given.output);
}

/** Where a question is asked: on a node, or for the whole cluster. */
export type Standpoint = Pick<Session, "ports" | "options">;

/** @throws AbsentError when neither Kubernetes nor the store knows the pod. */
export async function answerFor(
  id: PodId,
  given: NetworkOptions & Pick<WhyOptions, "network">,
  access: ClusterAccess | undefined,
  session: Standpoint,
): Promise<Answer> {
  const live = await access?.cluster.pod(id, session.options.deadline);
  const held = await heldBy(id, live, session);
  if (live === undefined && held.length === 0) throw absent(`${id.namespace}/${id.name}`, access);
  const known = await knownNetworks(given, session);
  const shown = new Set(live === undefined ? [] : shownAddresses(live).map(({ text }) => text));
  const sandbox = held[0]?.holder.attachment.container;
  const seen = { shown, ...(sandbox !== undefined && { sandbox }) };
  const interfaces: Explained[] = [];
  const all = interfacesOf(live, held, known, given.network);
  const othersOf = ({ ifname }: PodInterface) =>
    all.flatMap((each) => (each.ifname === ifname || each.name === undefined ? [] : [each.name]));
  for (const each of all)
    interfaces.push(await explained(each, live, { ...seen, others: othersOf(each) }, known, access, session));
  return {
    pod: id,
    ...(live && { live }),
    shown,
    interfaces,
    ...(access && { kubernetes: access.source }),
  };
}

async function explained(
  each: PodInterface,
  live: PodFacts | undefined,
  seen: Seen,
  known: ReadonlyMap<string, KnownNetwork>,
  access: ClusterAccess | undefined,
  session: Standpoint,
): Promise<Explained> {
  if (live === undefined || access === undefined || live.finished || live.hostNetwork === true) return each;
  const { deadline } = session.options;
  const network =
    each.entry === undefined
      ? each.network
      : await networkOfEntry(each.entry, live.namespace, known, access, deadline);
  if (network === undefined) return each;
  const ports = await portsOfNode(live, access, session);
  const explanation = await explainInterface(each, network, live, seen, ports, deadline);
  return { ...each, name: network.network.name, network, explanation };
}

/** As the plugin on the pod's own node would see it, as far as that can be seen from here. */
async function portsOfNode(
  { nodeName }: PodFacts,
  { cluster, uid }: ClusterAccess,
  { ports, options }: Standpoint,
): Promise<Ports> {
  const object = nodeName === undefined ? undefined : await cluster.node(nodeName, options.deadline);
  const isHere = nodeName === ports.node.name && (object?.bootId ?? ports.node.bootId) === ports.node.bootId;
  const bootId = isHere ? ports.node.bootId : (object?.bootId ?? "");
  return {
    store: ports.store,
    node: readOnlyNode(ports.node, { name: nodeName ?? "(no node yet)", bootId }),
    cluster,
    ...(ports.store.description.shared && { clusterUid: uid }),
    log: () => undefined,
    random: Math.random,
  };
}

function readPod(name: string): PodId {
  const [namespace = "", pod = "", ...rest] = name.split("/");
  if (namespace !== "" && pod !== "" && rest.length === 0) return { namespace, name: pod };
  throw new UsageError(`'${name}' names no pod`, "give it as NAMESPACE/POD, for example default/db-0");
}

function absent(name: string, access: ClusterAccess | undefined): AbsentError {
  return access === undefined
    ? new AbsentError(
        `the store holds nothing for pod ${name}, and Kubernetes was not asked`,
        "name a kubeconfig with --kubeconfig: what a pod wishes stands in its annotations",
      )
    : new AbsentError(`there is no pod ${name}, and the store holds nothing for one of that name`);
}
