import type { PodId } from "../../src/ipam/records.ts";
import { type Calls, countCalls } from "./api-calls.ts";
import { ClusterNode } from "./cluster-node.ts";
import { added, addressesOf } from "./cni.ts";
import { controllerToken, startController } from "./controller.ts";
import { applyControllerService, applyFor } from "./controller-service.ts";
import { pod, workload } from "./kubernetes-objects.ts";
import { agentToken, applyStoreRights, nodeConfig } from "./kubernetes-role.ts";
import { type PodsOnNodes, podsOnNodes } from "./pods-on-nodes.ts";
import { type AuditLine, asked } from "./rights.ts";
import { installStoreResources } from "./store-resources.ts";
import { installShim, startAgent } from "./subject-agent.ts";
import { kubeIpamExecutable } from "./subject-kube-ipam.ts";
import { eventually } from "./wait.ts";

/** Pods of one StatefulSet on one node, with agent and controller under their own accounts, and an API server that writes down who asks it. */
export interface PodLives extends AsyncDisposable {
  /** A pod of the StatefulSet on the node. */
  make(name: string, annotations?: Readonly<Record<string, string>>): Promise<PodId>;
  /** Its sandbox, and its end; gives its address. */
  live(id: PodId): Promise<string>;
  /** How much was asked so far, for `ours`. */
  mark(): number;
  /** What our components have asked for since, but for what recurs by time. */
  ours(since?: number): Calls[];
}

/** By time, whatever pods do: who leads; the store's epoch; what an agent's rounds ask of its node's records. */
const BY_TIME = [/\/leases[/?]|\/leases$/, /^update .*storerecords\/meta/, /labelSelector=node\.store/];
/** The leader's rounds are far apart: they are not of a pod's life. */
const ROUND_SECONDS = 3_600;

/** Starts it all, with one pod's life behind it; about 20 s. */
export async function startPodLives(store: "etcd" | "kubernetes"): Promise<PodLives> {
  await using starting = new AsyncDisposableStack();
  const world = starting.use(await podsOnNodes({ auditLog: "audit.log" }));
  const { kubernetes } = world;
  const account = { kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } };
  await kubernetes.apply({ apiVersion: "v1", ...account });
  const sets = "/apis/apps/v1/namespaces/default/statefulsets";
  const set = await kubernetes.request<Owner>("POST", sets, workload("StatefulSet", "db"));
  const { executable, socket } = installShim(kubernetes.folder, kubeIpamExecutable());
  const shim = { executable, env: { KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: "none" } };
  const bootId = crypto.randomUUID();
  // Tokens are bound to it, so it is there before.
  await world.report({ name: "n1", bootId });
  const keys = store === "etcd" ? await keysForEtcd(world) : await keysForKubernetes(world);
  const ipam = { type: "kube-ipam", ...keys, subnet: "10.1.0.0/16" };
  const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
  const node = starting.use(new ClusterNode("n1", network, kubernetes.folder, shim));
  node.bootId = bootId;
  const env = { KUBE_IPAM_CONFIG: kubernetes.folder.file("n1", "node.json"), KUBE_IPAM_BOOT_ID: bootId };
  const agent = await startAgent(kubernetes.folder, kubeIpamExecutable(), socket, env);
  starting.defer(() => agent.stop());
  const lives = livesOf(world, node, set);
  await startAdmission(world, lives, keys, starting);
  // The agent's watches begin with the first question.
  await lives.live(await lives.make("first"));
  const running = starting.move();
  return { ...lives, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface Owner {
  readonly metadata: { readonly uid: string };
}

type Keys = Readonly<Record<string, unknown>>;

async function keysForEtcd({ ipam, kubernetes }: PodsOnNodes): Promise<Keys> {
  const kubeConfig = kubernetes.kubeConfig({ token: await agentToken(kubernetes) });
  return { etcdConfig: { ...(ipam.etcdConfig as object), kubeConfig } };
}

async function keysForKubernetes({ kubernetes }: PodsOnNodes): Promise<Keys> {
  await installStoreResources(kubernetes);
  await applyStoreRights(kubernetes);
  return { store: "kubernetes", kubeConfig: await nodeConfig(kubernetes, "n1", "kube-ipam-agent") };
}

function livesOf(
  world: PodsOnNodes,
  node: ClusterNode,
  set: Owner,
): Omit<PodLives, typeof Symbol.asyncDispose> {
  return {
    make: async (name, annotations = {}) => {
      const reference = { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: set.metadata.uid };
      const ownerReferences = [{ ...reference, controller: true }];
      const object = pod({ name, node: node.name, annotations, ownerReferences });
      await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", object);
      return world.find(name);
    },
    live: async (id) => {
      const sandbox = await node.makeSandbox(id);
      const [address = ""] = addressesOf(added(await node.add(sandbox)));
      await node.end(sandbox);
      await world.forget(id.name);
      return address;
    },
    mark: () => asked(world.kubernetes).length,
    ours: (since = 0) => countCalls(asked(world.kubernetes).slice(since).filter(isOfPods)).filter(isOurs),
  };
}

function isOfPods({ requestURI, verb }: AuditLine): boolean {
  return !BY_TIME.some((pattern) => pattern.test(`${verb} ${requestURI}`));
}

function isOurs({ caller }: Calls): boolean {
  return ["agent", "plugin", "controller"].includes(caller);
}

async function startAdmission(
  world: PodsOnNodes,
  { ours }: Pick<PodLives, "ours">,
  { store }: Keys,
  starting: AsyncDisposableStack,
): Promise<void> {
  const { kubernetes } = world;
  await applyControllerService(kubernetes);
  const onKubernetes = async () => ({
    store,
    kubeConfig: kubernetes.kubeConfig({ token: await controllerToken(kubernetes) }),
  });
  const controller = starting.use(
    await (store === undefined
      ? startController(world, {}, ROUND_SECONDS)
      : startController({ kubernetes, ipam: {} }, await onKubernetes(), ROUND_SECONDS)),
  );
  await applyFor(controller, "admission/webhook.yaml", kubernetes);
  const patched = "patch validatingwebhookconfigurations.admissionregistration.k8s.io";
  await eventually(async () => ours().some(({ call }) => call === patched) || undefined, 60_000);
}
