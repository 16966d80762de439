import type { PodId } from "../../src/ipam/records.ts";
import type { Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { ClusterNode } from "./cluster-node.ts";
import { type EtcdCluster, startEtcd } from "./etcd.ts";
import { ETCD_VERSIONS } from "./etcd-binaries.ts";
import { etcdSettings } from "./etcd-settings.ts";
import { type Kubernetes, type KubernetesWish, startKubernetes } from "./kubernetes.ts";
import { setNode } from "./kubernetes-objects.ts";
import { pluginToken } from "./kubernetes-role.ts";
import { installStoreOfOneToken } from "./store-resources.ts";
import { eventually } from "./wait.ts";

/** Which store the suites of test/cluster use that run on either: they take them in turns. */
export const CLUSTER_STORE = process.env.KUBE_IPAM_CLUSTER_STORE === "kubernetes" ? "kubernetes" : "etcd";

/** A real API server, a store, and machines that call the built plugin. */
export interface PodsOnNodes extends AsyncDisposable {
  readonly kubernetes: Kubernetes;
  /** A real one with mutual TLS. Throws where the store is Kubernetes' own API. */
  readonly etcd: EtcdCluster;
  /** The store, past what is under test. */
  openStore(): Promise<Store>;
  /** Keys of `ipam` that lead to the store and to Kubernetes, as the original spells them. */
  readonly ipam: Readonly<Record<string, unknown>>;
  /** One more machine; its Node is Ready. */
  node(name: string, network: Record<string, unknown>): Promise<ClusterNode>;
  /** Tells Kubernetes the node's boot ID and state. */
  report(
    node: Pick<ClusterNode, "name" | "bootId">,
    state?: { ready?: "True" | "False" | "Unknown"; outOfService?: boolean },
  ): Promise<void>;
  /** The pod's identity, once the API server has it. */
  find(name: string, namespace?: string): Promise<PodId>;
  /** What a scheduler does. */
  bind(name: string, node: ClusterNode): Promise<void>;
  /** What a kubelet does when the last container is gone. */
  forget(name: string): Promise<void>;
}

/** On which store; default: etcd. */
interface PodsOnNodesWish extends KubernetesWish {
  readonly store?: typeof CLUSTER_STORE;
}

/** Starts it all; about 10 s. */
export async function podsOnNodes({ store = "etcd", ...wish }: PodsOnNodesWish = {}): Promise<PodsOnNodes> {
  await using starting = new AsyncDisposableStack();
  const kubernetes = starting.use(await startKubernetes(wish));
  const of = store === "etcd" ? await onEtcd(kubernetes, starting) : await onItself(kubernetes);
  const running = starting.move();
  return {
    ...handle(kubernetes, of.ipam, running),
    get etcd() {
      return of.etcd();
    },
    openStore: of.openStore,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface StoreOfWorld extends Pick<PodsOnNodes, "ipam" | "openStore"> {
  etcd(): EtcdCluster;
}

async function onEtcd(kubernetes: Kubernetes, starting: AsyncDisposableStack): Promise<StoreOfWorld> {
  const [version = "3.4"] = ETCD_VERSIONS;
  const etcd = starting.use(await startEtcd({ version, tls: true }));
  const ipam = { type: "kube-ipam", etcdConfig: await etcdConfigOf(etcd, kubernetes) };
  return { etcd: () => etcd, ipam, openStore: () => openEtcdStore(etcdSettings(etcd)) };
}

async function onItself(kubernetes: Kubernetes): Promise<StoreOfWorld> {
  await installStoreOfOneToken(kubernetes);
  const kubeConfig = kubernetes.kubeConfig({ token: await pluginToken(kubernetes) });
  const settings = { kind: "kubernetes", kubeConfig: kubernetes.adminConfig } as const;
  return {
    etcd: () => {
      throw new Error("expected a suite that runs on etcd alone: the store is Kubernetes' own API");
    },
    ipam: { type: "kube-ipam", store: "kubernetes", kubeConfig },
    openStore: async () => openKubernetesStore(settings),
  };
}

async function etcdConfigOf({ client, endpoints }: EtcdCluster, kubernetes: Kubernetes): Promise<object> {
  return {
    etcdURL: endpoints.join(","),
    kubeConfig: kubernetes.kubeConfig({ token: await pluginToken(kubernetes) }),
    etcdCertFile: client?.certFile,
    etcdKeyFile: client?.keyFile,
    etcdTrustedCAFileFile: client?.trustedCaFile,
  };
}

function handle(
  kubernetes: Kubernetes,
  ipam: PodsOnNodes["ipam"],
  running: AsyncDisposableStack,
): Omit<PodsOnNodes, typeof Symbol.asyncDispose | "etcd" | "openStore"> {
  const report: PodsOnNodes["report"] = ({ bootId, name }, { outOfService = false, ready = "True" } = {}) =>
    setNode(kubernetes, name, { ready, bootId, outOfService });
  return {
    kubernetes,
    ipam,
    node: async (name, network) => {
      const node = running.use(new ClusterNode(name, network, kubernetes.folder));
      await report(node);
      return node;
    },
    report,
    find: (name, namespace = "default") => eventually(() => identify(kubernetes, namespace, name)),
    bind: async (name, node) => {
      const target = { kind: "Node", name: node.name };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name }, target };
      await kubernetes.request("POST", `/api/v1/namespaces/default/pods/${name}/binding`, binding);
    },
    forget: async (name) => {
      const now = { gracePeriodSeconds: 0 };
      await kubernetes.request("DELETE", `/api/v1/namespaces/default/pods/${name}`, now);
    },
  };
}

async function identify(kubernetes: Kubernetes, namespace: string, name: string): Promise<PodId | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const pod = await kubernetes.request<{ metadata: { uid: string } }>("GET", path).catch(() => undefined);
  return pod && { namespace, name, uid: pod.metadata.uid };
}
