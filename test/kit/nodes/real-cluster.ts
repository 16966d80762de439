import type { Daemon } from "../daemon.ts";
import { temporaryFolder } from "../folder.ts";
import { type Kubernetes, type KubernetesWish, startKubernetes, withoutKubernetes } from "../kubernetes.ts";
import type { Namespace } from "../namespaces.ts";
import { makeNodeImages } from "./images.ts";
import { CONTROL_PLANE, hostOnWire, layCables } from "./network.ts";
import { makeNode, type NodePlan, type RealNode } from "./real-node.ts";

/** The router of the pods' wire, and its network. */
export const ROUTER = "10.188.0.1";

/** A real Kubernetes: control plane, nodes that are machines with real kubelets, a wire for their pods. */
export interface RealCluster extends AsyncDisposable {
  readonly kubernetes: Kubernetes;
  /** A host on the pods' wire that is no node; it has the address ROUTER. */
  readonly router: Namespace;
  readonly nodes: readonly RealNode[];
  /** The last words of every program, for a failure. */
  tails(): string;
}

/** Why there can be no such cluster here; undefined where there can. */
export function withoutRealNodes(): string | undefined {
  const missing = withoutKubernetes();
  if (missing !== undefined) return missing;
  return process.env.KUBE_IPAM_MACHINE === undefined ? "needs scripts/own-machine.sh" : undefined;
}

/** Starts everything but the nodes: they are made by `addNode`, so that they can be prepared. */
export async function startRealCluster(
  names: readonly string[],
  wish: KubernetesWish = {},
): Promise<RealCluster & { addNode(plan: Omit<NodePlan, "name">): Promise<RealNode> }> {
  await using starting = new AsyncDisposableStack();
  await layCables();
  const folder = starting.use(temporaryFolder("nodes"));
  const images = await makeNodeImages(folder);
  const kubernetes = starting.use(await startKubernetes({ ...wish, ...CONTROL, nodeNames: names }));
  const router = starting.use(await hostOnWire(`${ROUTER}/16`));
  const nodes: RealNode[] = [];
  const running = starting.move();
  return {
    kubernetes,
    router,
    nodes,
    addNode: async (plan) => {
      const name = names[nodes.length] ?? "";
      const disk = running.use(temporaryFolder(name));
      const node = makeNode({ ...plan, name }, { kubernetes, images, disk });
      running.defer(() => node.powerOff());
      nodes.push(node);
      await node.powerOn();
      return node;
    },
    tails: () => nodes.map(lastWords).join("\n"),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const CONTROL = { address: CONTROL_PLANE, controllers: true, scheduler: true } as const;

function lastWords(node: RealNode): string {
  const of = (daemon: () => Daemon) => {
    try {
      return daemon().tail();
    } catch (off) {
      return String(off);
    }
  };
  return `${node.name} containerd: ${of(node.runtime)}\n${node.name} kubelet: ${of(node.kubelet)}`;
}
