import type { ClusterNode, Sandbox } from "./cluster-node.ts";
import { added, addressesOf } from "./cni.ts";
import { type PodWish, pod } from "./kubernetes-objects.ts";
import { operatorToken } from "./kubernetes-role.ts";
import { type PodsOnNodes, podsOnNodes } from "./pods-on-nodes.ts";

/** Two machines and their pods, and an operator with the shipped role and the built command line. */
export interface OperatedCluster extends AsyncDisposable {
  readonly world: PodsOnNodes;
  readonly n1: ClusterNode;
  readonly n2: ClusterNode;
  readonly kubeconfig: string;
  /** Makes a pod and a sandbox for it on the node, without any ADD. */
  create(wish: PodWish, node: ClusterNode): Promise<Sandbox>;
  /** Makes a pod that runs: ADD, and a status that shows what it got. */
  run(wish: PodWish, node: ClusterNode): Promise<{ sandbox: Sandbox; address: string }>;
  /** What a kubelet reports of a pod. */
  report(name: string, status: object): Promise<void>;
  /** Changes the pod's annotations. */
  annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Ends a pod as it should end: DEL, namespace, object. */
  end(sandbox: Sandbox, node: ClusterNode): Promise<void>;
  /** A command on a node, with the operator's kubeconfig. */
  on(node: ClusterNode, ...args: string[]): ReturnType<ClusterNode["operate"]>;
}

const MERGE = "application/merge-patch+json";

/** Starts it all; about 12 s. */
export async function operatedCluster(ipam: object): Promise<OperatedCluster> {
  const world = await podsOnNodes();
  const { kubernetes } = world;
  await kubernetes.apply({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: "default" },
  });
  const network = { cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam: { ...world.ipam, ...ipam } };
  const [n1, n2] = [await world.node("n1", network), await world.node("n2", network)];
  const kubeconfig = kubernetes.kubeConfig({ token: await operatorToken(kubernetes) });
  const path = (name: string) => `/api/v1/namespaces/default/pods/${name}`;
  const create: OperatedCluster["create"] = async (wish, node) => {
    await kubernetes.request(
      "POST",
      `/api/v1/namespaces/${wish.namespace ?? "default"}/pods`,
      pod({ node: node.name, ...wish }),
    );
    return node.makeSandbox(await world.find(wish.name, wish.namespace));
  };
  const report: OperatedCluster["report"] = async (name, status) => {
    await kubernetes.request("PATCH", `${path(name)}/status`, { status }, MERGE);
  };
  return {
    world,
    n1,
    n2,
    kubeconfig,
    create,
    report,
    run: async (wish, node) => {
      const sandbox = await create(wish, node);
      const [address = ""] = addressesOf(added(await node.add(sandbox)));
      await report(wish.name, { phase: "Running", podIP: address, podIPs: [{ ip: address }] });
      return { sandbox, address };
    },
    annotate: async (name, annotations) => {
      await kubernetes.request("PATCH", path(name), { metadata: { annotations } }, MERGE);
    },
    end: async (sandbox, node) => {
      await node.end(sandbox);
      await world.forget(sandbox.pod.name);
    },
    on: (node, ...args) => node.operate(...args, "--kubeconfig", kubeconfig),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
