import type { OpenPorts, Request } from "../cni/protocol/call.ts";
import type {
  KubernetesSettings,
  NetworkConfiguration,
  NodeSettings,
  StoreSettings,
} from "../config/network-configuration.ts";
import type { Cluster } from "../ipam/cluster-port.ts";
import type { Foresight } from "../ipam/foresight.ts";
import type { Node } from "../ipam/node-port.ts";
import type { Log, Ports } from "../ipam/ports.ts";
import type { AttachmentId } from "../ipam/records.ts";
import { SaidOnce } from "../ipam/said-once.ts";
import type { Store } from "../ipam/store-port.ts";
import type { ClusterSettings } from "../kubernetes/credentials/credentials.ts";
import { lazyCluster } from "../kubernetes/ports/lazy-cluster.ts";
import { openForesightFiles } from "../node/foresight-files.ts";
import { nodeNameFault } from "../node/node-name.ts";
import { openNode } from "../node/open-node.ts";
import { openIfBegun } from "../store/kinds/begun.ts";
import { configuredStore } from "../store/kinds/kinds.ts";
import { knownClusterNames, requireClusterNames } from "./cluster-names.ts";
import { readNodeFile } from "./node-file.ts";

/**
 * What a kubeconfig that a configuration names may do. Where the node's file is there, it alone names it; else
 * the network does.
 */
export function configuredCluster(kubeConfig: string | undefined): ClusterSettings {
  if (kubeConfig === undefined) return { nodeFile: readNodeFile };
  return { nodeFile: readNodeFile, kubeConfig, byNetwork: readNodeFile() === undefined };
}

/** The part of a request that decides which ports it gets. */
export interface Asking extends Pick<Request, "verb" | "deadline"> {
  readonly configuration: Pick<NetworkConfiguration, "kubernetes" | "node" | "store">;
}

/** How to open connections: the plugin opens new ones, the agent lends those that it keeps open. */
export interface Openers {
  readonly openNode: (settings: NodeSettings) => Node;
  readonly openCluster: (kubeConfig: string | undefined) => Cluster;
  readonly openStore: (settings: StoreSettings) => Promise<Store>;
  /** What earlier ADDs of this node saw of a remote store; the agent knows more than the files do. */
  readonly openForesight?: (settings: NodeSettings) => Foresight;
}

/** Opens a new connection each time. */
export const COLD: Openers = {
  openNode,
  openCluster: (kubeConfig) => lazyCluster(configuredCluster(kubeConfig)),
  openStore: (settings) => configuredStore(settings).open(),
  openForesight: ({ runDir }) => openForesightFiles(`${runDir}/foresight`),
};

/**
 * Opens everything that one verb of the plugin role uses, and loads no more code than it needs. An ADD
 * must know what the cluster is called; other verbs use what an earlier ADD of this node has found.
 *
 * @param adding the attachment of an ADD: a DEL can cancel it from now on.
 * @throws StoreFailure, or IpamError tryAgain or kubernetesRefused (the cluster's name, first ADD only),
 * invalidConfig (ADD and STATUS, where no Node can have this node's name); nothing stays open then.
 */
export async function openPorts(
  request: Asking,
  log: Log,
  openers: Openers = COLD,
  adding?: AttachmentId,
): Promise<OpenPorts> {
  const { node: settings } = request.configuration;
  requireNodeName(request, log);
  const node = openers.openNode(settings);
  const attendance = adding && (await node.attend(adding, request.deadline));
  try {
    const opened = await openRest(request, openers, log, node);
    const foresees = adding !== undefined && opened.store.description.foresees;
    const foresight = foresees ? openers.openForesight?.(settings) : undefined;
    const close = async () => {
      await opened.store.close();
      attendance?.release();
    };
    return { ...opened, ...(foresight && { foresight }), ...(attendance && { attendance }), close };
  } catch (failure) {
    attendance?.release();
    throw failure;
  }
}

/** A verb that only frees must find what an older program wrote under any name. */
function requireNodeName({ configuration, verb }: Asking, log: Log): void {
  const fault = nodeNameFault(configuration.node.nodeName);
  if (fault === undefined) return;
  if (verb === "ADD" || verb === "STATUS") throw fault;
  // The agent's rounds would say it every few seconds.
  if (warned.isFirst(fault.message)) log("warn", fault.message, { remedy: fault.details });
}

const warned = new SaidOnce();

async function openRest(
  request: Asking,
  { openCluster, openStore }: Pick<Openers, "openCluster" | "openStore">,
  log: Log,
  node: Node,
): Promise<Ports> {
  const { kubernetes, node: nodeSettings, store: settings } = request.configuration;
  const cluster = clusterOf(kubernetes, openCluster);
  const clusterNames =
    cluster === undefined || !configuredStore(settings).description.shared
      ? undefined
      : request.verb === "ADD"
        ? await requireClusterNames(nodeSettings.dataDir, node.name, cluster, request.deadline)
        : knownClusterNames(nodeSettings.dataDir);
  const store = await (request.verb === "ADD" ? openStore(settings) : openIfBegun(settings, openStore));
  return {
    store,
    node,
    ...(cluster && { cluster }),
    ...(clusterNames && { clusterNames }),
    log,
    random: Math.random,
  };
}

/** Kubernetes, where a kubeconfig or a service account is at hand. */
function clusterOf(settings: KubernetesSettings, open: Openers["openCluster"]): Cluster | undefined {
  return hasCluster(settings) ? open(settings.kubeConfig) : undefined;
}

/** Whether a way to Kubernetes is at hand. */
export function hasCluster({ kubeConfig }: Pick<KubernetesSettings, "kubeConfig">): boolean {
  return kubeConfig !== undefined || process.env.KUBERNETES_SERVICE_HOST !== undefined;
}
