import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { PodId } from "../../src/ipam/records.ts";
import { type Calls, countCalls } from "../kit/api-calls.ts";
import { ClusterNode } from "../kit/cluster-node.ts";
import { added, addressesOf } from "../kit/cni.ts";
import { type Controller, startController } from "../kit/controller.ts";
import { applyControllerService, applyFor } from "../kit/controller-service.ts";
import type { Daemon } from "../kit/daemon.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod, workload } from "../kit/kubernetes-objects.ts";
import { agentToken } from "../kit/kubernetes-role.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { asked } from "../kit/rights.ts";
import { installShim, startAgent } from "../kit/subject-agent.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** What a pod's life costs the API server, as its audit log tells it: agent, plugin and controller under their own accounts. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the API calls of a pod's life: ${missing}`, () => {});

/** By time, whatever pods do: who leads. */
const BY_TIME = "leases.coordination.k8s.io";
/** The leader's rounds are far apart: they are not of a pod's life. */
const ROUND_SECONDS = 3_600;

describe.skipIf(missing !== undefined)("the API calls of a pod's life", () => {
  let world: PodsOnNodes;
  let node: ClusterNode;
  let agent: Daemon;
  let controller: Controller;
  let set: { readonly metadata: { readonly uid: string } };

  beforeAll(async () => {
    world = await podsOnNodes({ auditLog: "audit.log" });
    const { kubernetes } = world;
    const account = { kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } };
    await kubernetes.apply({ apiVersion: "v1", ...account });
    const sets = "/apis/apps/v1/namespaces/default/statefulsets";
    set = await kubernetes.request("POST", sets, workload("StatefulSet", "db"));
    await startNode();
    await applyControllerService(kubernetes);
    controller = await startController(world, {}, ROUND_SECONDS);
    await applyFor(controller, "admission/webhook.yaml", kubernetes);
    const patched = "patch validatingwebhookconfigurations.admissionregistration.k8s.io";
    await eventually(async () => ours().some(({ call }) => call === patched) || undefined, 60_000);
    // The agent's watch begins with the first question.
    await live(await make("first"));
  }, 180_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await agent?.stop();
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  }, 60_000);

  async function startNode(): Promise<void> {
    const { kubernetes } = world;
    const kubeConfig = kubernetes.kubeConfig({ token: await agentToken(kubernetes) });
    const { etcdConfig } = world.ipam as { etcdConfig: object };
    const ipam = { ...world.ipam, etcdConfig: { ...etcdConfig, kubeConfig }, subnet: "10.1.0.0/16" };
    const { executable, socket } = installShim(kubernetes.folder, kubeIpamExecutable());
    const shim = { executable, env: { KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: "none" } };
    const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
    node = new ClusterNode("n1", network, kubernetes.folder, shim);
    await world.report(node);
    const env = {
      KUBE_IPAM_CONFIG: kubernetes.folder.file("n1", "node.json"),
      KUBE_IPAM_BOOT_ID: node.bootId,
    };
    agent = await startAgent(kubernetes.folder, kubeIpamExecutable(), socket, env);
  }

  /** A pod of the StatefulSet on the node. */
  async function make(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<PodId> {
    const reference = { apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: set.metadata.uid };
    const ownerReferences = [{ ...reference, controller: true }];
    const object = pod({ name, node: "n1", annotations, ownerReferences });
    await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", object);
    return world.find(name);
  }

  /** Its sandbox, and its end; gives its address. */
  async function live(id: PodId): Promise<string> {
    const sandbox = await node.makeSandbox(id);
    const [address = ""] = addressesOf(added(await node.add(sandbox)));
    await node.end(sandbox);
    await world.forget(id.name);
    return address;
  }

  /** What our components have asked for so far, but for what recurs by time. */
  function ours(since = 0): Calls[] {
    const lines = asked(world.kubernetes).slice(since);
    return countCalls(
      lines.filter(({ objectRef }) => !`${objectRef?.resource}.${objectRef?.apiGroup}`.startsWith(BY_TIME)),
    ).filter(({ caller }) => ["agent", "plugin", "controller"].includes(caller));
  }

  test("I35: a dynamic one asks nothing, a fixed one who its StatefulSet is", async () => {
    const before = asked(world.kubernetes).length;
    const dynamic = await make("db-0");
    const fixed = await make("db-1", { "kube-ipam.ips": "10.1.3.0-10.1.3.9" });
    // The agent's watch shows them in this order; of the second one it asks for the owner at once.
    await eventually(async () => ours(before).length > 0 || undefined);
    await live(dynamic);
    expect(await live(fixed)).toBe("10.1.3.1");
    expect(ours(before)).toEqual([{ caller: "agent", call: "get statefulsets.apps", count: 1 }]);
  }, 60_000);

  test("I35: ten of one set that come together ask once or twice, not ten times", async () => {
    const before = asked(world.kubernetes).length;
    const annotations = { "kube-ipam.ips": "10.1.3.0-10.1.3.99" };
    const pods = await Promise.all(Array.from({ length: 10 }, (_, n) => make(`db-${n + 20}`, annotations)));
    await eventually(async () => ours(before).length > 0 || undefined);
    const given = await Promise.all(pods.map(live));
    expect(given).toEqual(pods.map((_, n) => `10.1.3.${n + 20}`));
    const [first, ...others] = ours(before);
    expect([first?.caller, first?.call, others]).toEqual(["agent", "get statefulsets.apps", []]);
    expect(first?.count).toBeLessThan(pods.length);
  }, 60_000);
});
