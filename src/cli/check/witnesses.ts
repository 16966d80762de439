import type { Cidr } from "../../address/cidr.ts";
import { startProgress } from "../../command-line/progress.ts";
import { auditStreamed, type StreamedInput } from "../../ipam/audit/streamed.ts";
import type { Audit, AuditInput, SpacedNetwork } from "../../ipam/audit/types.ts";
import { namespaceStateOf } from "../../ipam/evidence/may-free.ts";
import type { RuntimeNotes } from "../../ipam/free/adopt.ts";
import { orDamaged } from "../../ipam/integrity/damage.ts";
import { locationOf } from "../../ipam/journal-entry.ts";
import type { NamespaceState, Node, Trace } from "../../ipam/node-port.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { runtimeNotes } from "../../runtime/runtime-notes.ts";
import { checkNetworks, printUnread } from "../doctor/networks.ts";
import type { KubernetesOptions } from "../session/cluster-settings.ts";
import { configuredNetwork } from "../session/configured-network.ts";
import { openAccess } from "../session/kubernetes.ts";
import type { Session } from "../session/open.ts";

export interface WitnessOptions extends KubernetesOptions {
  /** Perhaps a network's configuration. */
  readonly config?: string;
  /** Ask neither Kubernetes nor this node. */
  readonly storeOnly?: boolean;
  readonly confDir: string;
}

/** What the store is compared with. Without `access` Kubernetes is not asked, without `here` this node is not. */
export interface Witnesses {
  readonly access?: ClusterAccess;
  readonly here?: Node;
  readonly runtime?: RuntimeNotes;
  readonly networks: readonly SpacedNetwork[];
}

/** Opens what the options allow to ask. @throws IpamError as `openAccess`. */
export async function callWitnesses(given: WitnessOptions, session: Session): Promise<Witnesses> {
  const networks = [...(await networksIn(given.confDir)), ...(await networkNamed(given.config))];
  if (given.storeOnly === true) return { networks };
  const access = await openAccess(given, session);
  const here = await hereIs(access, session);
  const runtime = here && runtimeOf(session);
  return { ...(access && { access }), ...(here && { here }), ...(runtime && { runtime }), networks };
}

/** Reads the store, then pods, nodes and namespaces, and compares them as they come. @throws StoreFailure, IpamError. */
export async function look({ access, here, networks, runtime }: Witnesses, session: Session): Promise<Audit> {
  const { ports, options } = session;
  const readMeta = async () =>
    (await ports.store.read({ refs: [refTo.meta] }, options)).get(refTo.meta)?.record;
  const meta = await orDamaged(readMeta, undefined, ports);
  const { shared } = ports.store.description;
  const clusterNames = shared ? (access?.names ?? ports.clusterNames) : undefined;
  const records = startProgress("reading records");
  const live = startProgress("reading pods and nodes");
  const input: StreamedInput = {
    store: ports.store,
    ...(meta && { meta }),
    ...lastUsed(meta, ports),
    networks,
    ...(access && { live: liveOf(access, session) }),
    ...(here && { here: seenFrom(here, session) }),
    ...(runtime && { runtime }),
    ...(clusterNames && { clusterNames }),
    onRecord: records.at,
    onPod: (count) => {
      records.end();
      live.at(count);
    },
  };
  return auditStreamed(input, options).finally(() => {
    records.end();
    live.end();
  });
}

function liveOf({ inventory }: ClusterAccess, { options }: Session): NonNullable<StreamedInput["live"]> {
  const { deadline } = options;
  return { pods: () => inventory.pods(deadline), nodes: () => inventory.nodes(deadline) };
}

/** The store that this node has used last at this place, where the store does not say which it is. */
function lastUsed(meta: MetaRecord | undefined, { node, store }: Ports): Pick<AuditInput, "storeUuid"> {
  if (meta !== undefined) return {};
  const place = locationOf(store.description);
  for (const { id } of node.witnesses.newest()) {
    const entry = node.journal.read(id);
    if (entry?.storeLocation === place) return { storeUuid: entry.storeUuid };
  }
  return {};
}

/** Judges each holder once, because the last resort of a judgement looks at all processes. */
function seenFrom(node: Node, { ports: { store } }: Session): NonNullable<AuditInput["here"]> {
  const judged = new Map<Trace, NamespaceState>();
  const { name, bootId, journal, witnesses, keptReleases } = node;
  return {
    name,
    bootId,
    journal,
    witnesses,
    keptReleases,
    namespaceState: (trace) => {
      const state = judged.get(trace) ?? namespaceStateOf(trace, { node, store });
      judged.set(trace, state);
      return state;
    },
  };
}

/** Undefined on a machine that only has the node's name (a laptop): it cannot see that node's namespaces. */
async function hereIs(
  access: ClusterAccess | undefined,
  { ports: { node }, options }: Session,
): Promise<Node | undefined> {
  const object = await access?.cluster.node(node.name, options.deadline);
  return object?.bootId === undefined || object.bootId === node.bootId ? node : undefined;
}

async function networksIn(folder: string): Promise<SpacedNetwork[]> {
  const found = await checkNetworks(folder);
  printUnread(found);
  return found.configurations.map(({ network: { name, space, sets } }) =>
    spaced(
      name,
      space,
      sets.flatMap(({ ranges }) => ranges),
    ),
  );
}

/** None where the configuration has faults: the store can be checked all the same, and an ADD names them. */
async function networkNamed(config: string | undefined): Promise<SpacedNetwork[]> {
  try {
    const network = await configuredNetwork(config);
    return network === undefined ? [] : [spaced(network.name, network.space, network.ranges)];
  } catch {
    return [];
  }
}

function spaced(name: string, space: string, ranges: readonly { readonly subnet: Cidr }[]): SpacedNetwork {
  return { name, space, subnets: ranges.map(({ subnet }) => subnet) };
}

/** A cache that cannot be read is no witness. */
function runtimeOf({ ports: { node }, settings }: Session): RuntimeNotes | undefined {
  try {
    return runtimeNotes(settings.node.cniCacheDir, node);
  } catch {
    return undefined;
  }
}
