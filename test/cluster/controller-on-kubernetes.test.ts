import { afterAll, beforeAll, describe, test } from "bun:test";
import { join } from "node:path";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added } from "../kit/cni.ts";
import { type Controller, controllerToken, leaderOf, startController } from "../kit/controller.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { installStoreResources } from "../kit/store-resources.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** The controller on Kubernetes' own API as the store, with exactly the shipped role: gauges, fencing, another leader. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller on Kubernetes' own API: ${missing}`, () => {});

const RBAC = join(import.meta.dir, "../../deploy/rbac/store.yaml");
const RANGE = 'space="default",source="network",name="net1",family="4"';
const PATIENCE_MS = 120_000;

describe.skipIf(missing !== undefined)("the controller on Kubernetes' own API", () => {
  let world: PodsOnNodes;
  let settings: object;
  let kubeConfig: string;
  let count = 0;

  beforeAll(async () => {
    world = await podsOnNodes();
    const { kubernetes } = world;
    await installStoreResources(kubernetes);
    const token = await controllerToken(kubernetes);
    await kubernetes.kubectl("apply", "-f", RBAC);
    // Its policies have tests of their own; here the machines are the administrator's.
    const bindings = ["kube-ipam-store-writers", "kube-ipam-store-nodes"];
    await kubernetes.kubectl("delete", "validatingadmissionpolicybinding", ...bindings);
    await eventually(async () => (await kubernetes.tryKubectl("get", "kaddr")).exitCode === 0 || undefined);
    settings = { store: "kubernetes", kubeConfig: kubernetes.kubeConfig({ token }) };
    kubeConfig = kubernetes.adminConfig;
    await kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
  }, PATIENCE_MS);
  afterAll(() => world?.[Symbol.asyncDispose]());

  const start = () => startController({ kubernetes: world.kubernetes, ipam: {} }, settings);

  async function nodeWithPod(): Promise<{ node: ClusterNode; sandbox: Sandbox }> {
    const name = `n${++count}`;
    const ipam = {
      type: "kube-ipam",
      store: "kubernetes",
      kubeConfig,
      subnet: "10.1.2.0/24",
      coolingSeconds: 0,
    };
    const node = await world.node(name, { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam });
    return { node, sandbox: await attach(node, `pod-${count}`) };
  }

  async function attach(node: ClusterNode, name: string): Promise<Sandbox> {
    await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", pod({ name, node: node.name }));
    const sandbox = await node.makeSandbox(await world.find(name));
    added(await node.add(sandbox));
    return sandbox;
  }

  const held = async () =>
    (await listAllocations(async () => openKubernetesStore({ kind: "kubernetes", kubeConfig }))).length;
  const counts = (controller: Controller, wanted: number) =>
    eventually(async () => {
      const value = await controller.metric(`kube_ipam_range_allocated_addresses{${RANGE}}`);
      return value === wanted ? true : undefined;
    }, PATIENCE_MS);

  test("K319: counts, and frees what a deleted node held, also after the API server was restarted and by another leader", async () => {
    await using first = await start();
    await using second = await start();
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    const one = await nodeWithPod();
    const two = await nodeWithPod();
    await counts(leader, 2);
    await world.kubernetes.apiServer.stop();
    await world.kubernetes.apiServer.start();
    const three = await nodeWithPod();
    await one.node.end(one.sandbox);
    const now = await leaderOf([first, second]);
    await counts(now, 2);
    // Its node is gone, and so is its pod.
    await world.kubernetes.kubectl("delete", "node", two.node.name);
    await world.forget(two.sandbox.pod.name);
    await eventually(async () => ((await held()) === 1 ? true : undefined), PATIENCE_MS);
    await counts(now, 1);
    now.daemon.signal("SIGKILL");
    const successor = await leaderOf([now === other ? leader : other]);
    await counts(successor, 1);
    await world.kubernetes.kubectl("delete", "node", three.node.name);
    await world.forget(three.sandbox.pod.name);
    await eventually(async () => ((await held()) === 0 ? true : undefined), PATIENCE_MS);
    for (const { node, sandbox } of [two, three]) await node.remove(sandbox);
  }, 400_000);
});
