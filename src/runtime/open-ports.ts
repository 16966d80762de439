import type { OpenPorts, Request } from "../cni/call.ts";
import type {
  KubernetesSettings,
  NetworkConfiguration,
  StoreSettings,
} from "../config/network-configuration.ts";
import type { Cluster } from "../ipam/cluster-port.ts";
import type { Log } from "../ipam/ports.ts";
import type { Store } from "../ipam/store-port.ts";
import { lazyCluster } from "../kubernetes/lazy-cluster.ts";
import { openNode } from "../node/open-node.ts";
import { knownClusterUid, requireClusterUid } from "./cluster-uid.ts";

/** What of a request decides which ports it gets. */
export interface Asking extends Pick<Request, "verb" | "deadline"> {
  readonly configuration: Pick<NetworkConfiguration, "kubernetes" | "node" | "store">;
}

/** Where connections come from: the plugin opens them, the agent lends those it keeps. */
export interface Openers {
  readonly openCluster: (kubeConfig: string | undefined) => Cluster;
  readonly openStore: (settings: StoreSettings) => Promise<Store>;
}

const COLD: Openers = {
  openCluster: (kubeConfig) => lazyCluster(kubeConfig === undefined ? {} : { kubeConfig }),
  openStore,
};

/**
 * Opens everything one verb of the plugin role touches, and loads no more code than it needs. A
 * verb that gives addresses out must know which cluster it does so for; others do with what an
 * earlier ADD of this node found out.
 *
 * @throws StoreFailure, or IpamError tryAgain or kubernetesRefused (the cluster's UID, first ADD only).
 */
export async function openPorts(
  request: Asking,
  log: Log,
  { openCluster, openStore }: Openers = COLD,
): Promise<OpenPorts> {
  const { kubernetes, node: nodeSettings, store: settings } = request.configuration;
  const node = openNode(nodeSettings);
  const cluster = clusterOf(kubernetes, openCluster);
  const uid =
    settings.kind === "embedded" || cluster === undefined
      ? undefined
      : request.verb === "ADD"
        ? await requireClusterUid(nodeSettings.dataDir, cluster, request.deadline)
        : knownClusterUid(nodeSettings.dataDir);
  const store = await openStore(settings);
  return {
    store,
    node,
    ...(cluster && { cluster }),
    ...(uid !== undefined && { clusterUid: uid }),
    log,
    close: () => store.close(),
  };
}

/** Kubernetes, where a kubeconfig or a service account is at hand. */
function clusterOf({ kubeConfig }: KubernetesSettings, open: Openers["openCluster"]): Cluster | undefined {
  if (kubeConfig !== undefined) return open(kubeConfig);
  return process.env.KUBERNETES_SERVICE_HOST === undefined ? undefined : open(undefined);
}

/** The store that the settings name; the other one's code is never loaded. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  if (settings.kind === "embedded") {
    const { openEmbeddedStore } = await import("../store/embedded/open.ts");
    return openEmbeddedStore(settings);
  }
  const { openEtcdStore } = await import("../store/etcd/open.ts");
  return openEtcdStore(settings);
}
