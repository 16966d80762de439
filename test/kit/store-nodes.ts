import type { Cluster } from "../../src/ipam/cluster-port.ts";
import type { Ports } from "../../src/ipam/ports.ts";
import type { Store } from "../../src/ipam/store-port.ts";
import { calledBy } from "../../src/ipam/testing/called-by.ts";
import type { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { type Kubernetes, startKubernetes } from "./kubernetes.ts";
import { accountConfig, applyStoreRights, nodeConfig } from "./kubernetes-role.ts";
import { installStoreResources } from "./store-resources.ts";
import { eventually } from "./wait.ts";

/** The store on a real API server, with the shipped rights and policies, and a credential of each kind. */
export interface StoreNodes extends AsyncDisposable {
  readonly kubernetes: Kubernetes;
  /** Kubeconfigs: what lies on node a, what its agent has, what lies on node b, the controller's. */
  readonly config: Readonly<Record<"a" | "agentOfA" | "b" | "controller", string>>;
  /** Ports of a process that works for a machine, with a credential of these. */
  ports(config: keyof StoreNodes["config"], node: FakeNode, cluster?: Cluster): Ports;
}

/** Starts it; policies are in force when it resolves. */
export async function startStoreNodes(auditLog?: string): Promise<StoreNodes> {
  const kubernetes = await startKubernetes(auditLog === undefined ? {} : { auditLog });
  await installStoreResources(kubernetes);
  await applyStoreRights(kubernetes);
  for (const name of ["a", "b"])
    await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
  await kubernetes.apply(agentPod("a"));
  const config = {
    a: await nodeConfig(kubernetes, "a"),
    agentOfA: await accountConfig(
      kubernetes,
      "kube-system",
      "kube-ipam-agent",
      "--bound-object-kind=Pod",
      "--bound-object-name=agent-a",
    ),
    b: await nodeConfig(kubernetes, "b"),
    controller: await accountConfig(kubernetes, "kube-ipam", "kube-ipam-controller"),
  };
  await policiesInForce(kubernetes);
  const stores = new Map<string, Store>();
  const storeOf = (path: string) => {
    const store = stores.get(path) ?? openKubernetesStore({ kind: "kubernetes", kubeConfig: path });
    stores.set(path, store);
    return store;
  };
  return {
    kubernetes,
    config,
    ports: (of, node, cluster) => ({
      store: storeOf(config[of]),
      node,
      ...(cluster && { cluster }),
      clusterNames: calledBy("cluster-1"),
      log: () => undefined,
      random: Math.random,
    }),
    [Symbol.asyncDispose]: async () => {
      for (const store of stores.values()) await store.close();
      await kubernetes[Symbol.asyncDispose]();
    },
  };
}

function agentPod(nodeName: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `agent-${nodeName}`, namespace: "kube-system" },
    spec: {
      nodeName,
      serviceAccountName: "kube-ipam-agent",
      containers: [{ name: "agent", image: "localhost/none:1" }],
    },
  };
}

/** A moment after they were made. */
async function policiesInForce({ folder, tryKubectl }: Kubernetes): Promise<void> {
  const path = folder.file("try.json");
  const none = {
    apiVersion: "store.kube-ipam.io/v1",
    kind: "StoreRecord",
    metadata: { name: "try" },
    spec: {},
  };
  await Bun.write(path, JSON.stringify(none));
  const tried = (...as: string[]) => tryKubectl("create", "--dry-run=server", "-f", path, ...as);
  const node = "--as=system:serviceaccount:kube-system:kube-ipam";
  await eventually(
    async () => ((await tried()).exitCode === 0 || (await tried(node)).exitCode === 0 ? undefined : true),
    30_000,
  );
}
