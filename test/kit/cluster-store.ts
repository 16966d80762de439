import { afterAll, beforeAll, beforeEach } from "bun:test";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { AgentNode } from "./agent-node.ts";
import { type Kubernetes, type KubernetesWish, startKubernetes } from "./kubernetes.ts";
import { installStoreResources } from "./store-resources.ts";
import type { StoredAllocation } from "./subject.ts";
import { listAllocations } from "./subject-kube-ipam.ts";

/** The store on a real API server, which each test of a file finds empty. */
export interface ClusterStore {
  readonly kubernetes: Kubernetes;
  /** A machine that calls the plugin; its containers are no pods. */
  node(name: string, how?: NodeWish): AgentNode;
  /** All that is held, as the store says it past any proxy. */
  stored(): Promise<StoredAllocation[]>;
}

export interface NodeWish {
  readonly kubeConfig?: string;
  /** Keys of the network's `ipam`. */
  readonly ipam?: Readonly<Record<string, unknown>>;
  readonly through?: AgentNode["through"];
  /** Name of the network; default "net1". */
  readonly network?: string;
}

const PATIENCE = 90_000;
const RESOURCES = ["addressrecords", "storerecords"] as const;

/** One API server for all tests of the file that calls this at its top; it is there once they run. */
export function clusterStoreOfFile(wish: KubernetesWish = {}): () => ClusterStore {
  let store: ClusterStore | undefined;
  beforeAll(async () => {
    const kubernetes = await startKubernetes(wish);
    await installStoreResources(kubernetes);
    store = over(kubernetes);
  }, PATIENCE);
  beforeEach(async () => {
    for (const resource of RESOURCES)
      await store?.kubernetes.request("DELETE", `/apis/store.kube-ipam.io/v1/${resource}`);
  });
  afterAll(async () => {
    await store?.kubernetes[Symbol.asyncDispose]();
  });
  return () => {
    if (store === undefined) throw new Error("expected to be called by a test: the store is not there yet");
    return store;
  };
}

function over(kubernetes: Kubernetes): ClusterStore {
  const { adminConfig } = kubernetes;
  return {
    kubernetes,
    node(name, { ipam = {}, kubeConfig = adminConfig, network: called = "net1", through = "plugin" } = {}) {
      const network = {
        cniVersion: "1.0.0",
        name: called,
        type: "macvlan",
        ipam: { type: "kube-ipam", subnet: "10.50.0.0/28", coolingSeconds: 0, ...ipam },
      };
      const own = crypto.randomUUID().slice(0, 8);
      const folder = {
        ...kubernetes.folder,
        file: (...names: string[]) => kubernetes.folder.file(own, ...names),
      };
      return new AgentNode(name, folder, { store: "kubernetes", kubeConfig }, network, through);
    },
    stored: () =>
      listAllocations(async () => openKubernetesStore({ kind: "kubernetes", kubeConfig: adminConfig })),
  };
}
