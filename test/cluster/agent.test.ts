import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { ClusterNode } from "../kit/cluster-node.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import type { Daemon } from "../kit/daemon.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { agentToken } from "../kit/kubernetes-role.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { installShim, startAgent } from "../kit/subject-agent.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** Shim and agent with the shipped roles on a real API server: what they ask it, and what they tell it. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the agent and the API server: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the agent and the API server", () => {
  let world: PodsOnNodes;
  let node: ClusterNode;
  let agent: Daemon;
  let ipam: Record<string, unknown>;
  let ownConfig: string;
  let metrics: () => Promise<string>;

  beforeAll(async () => {
    world = await podsOnNodes({ store: CLUSTER_STORE });
    const { kubernetes } = world;
    const kubeConfig = kubernetes.kubeConfig({ token: await agentToken(kubernetes) });
    ipam = { ...askingBy(kubeConfig, world.ipam), subnet: "10.1.0.0/16" };
    ownConfig = kubeConfig;
    await kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    const { executable, socket } = installShim(kubernetes.folder, kubeIpamExecutable());
    const shim = { executable, env: { KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: "none" } };
    const network = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: { ...ipam, coolingSeconds: 0 },
    };
    node = new ClusterNode("n1", network, kubernetes.folder, shim);
    await world.report(node);
    const [port = 0] = await loopbackPorts(1);
    const env = {
      KUBE_IPAM_CONFIG: kubernetes.folder.file("n1", "node.json"),
      KUBE_IPAM_BOOT_ID: node.bootId,
    };
    agent = await startAgent(kubernetes.folder, kubeIpamExecutable(), socket, env, [
      "--listen",
      `127.0.0.1:${port}`,
    ]);
    metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  }, 120_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await agent?.stop();
    await world?.[Symbol.asyncDispose]();
  });

  async function makePod(name: string, annotations: Record<string, string>) {
    await world.kubernetes.request(
      "POST",
      "/api/v1/namespaces/default/pods",
      pod({ name, node: "n1", annotations }),
    );
    return node.makeSandbox(await world.find(name));
  }

  /** How many single pods were read so far, by the API server's own count. */
  async function podReads(): Promise<number> {
    const text = await world.kubernetes.kubectl("get", "--raw", "/metrics");
    const lines = text
      .split("\n")
      .filter((line) => /^apiserver_request_total\{.*resource="pods".*verb="GET"/.test(line));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  test("an annotated ADD reads no pod once the watch knows it", async () => {
    const first = await makePod("first", { "kube-ipam.ip": "10.1.0.10" });
    added(await node.add(first));
    // The watch begins with the first question, which it cannot answer yet.
    let number = 0;
    await eventually(async () => {
      number += 1;
      const sandbox = await makePod(`warm${number}`, { "kube-ipam.ip": `10.1.1.${number}` });
      const before = await podReads();
      expect(addressesOf(added(await node.add(sandbox)))).toEqual([`10.1.1.${number}`]);
      return (await podReads()) === before || undefined;
    });
  }, 60_000);

  test("who holds an address is read live, whatever the watch knows", async () => {
    const holder = await makePod("holder", { "kube-ipam.ip": "10.1.0.20" });
    added(await node.add(holder));
    const asker = await makePod("asker", { "kube-ipam.ip": "10.1.0.20" });
    const before = await podReads();
    const refusal = refused(await node.add(asker));
    expect([refusal.code, refusal.msg]).toEqual([
      11,
      "address 10.1.0.20 is held by the running pod default/holder on node n1",
    ]);
    expect((await podReads()) - before).toBeGreaterThanOrEqual(1);
  }, 60_000);

  test("what becomes of a pod's address is told on the pod, and can be alerted on", async () => {
    const waiting = /^kube_ipam_agent_handover_waiting_seconds (\S+)$/m;
    await eventually(async () => Number(waiting.exec(await metrics())?.[1] ?? 0) > 0 || undefined);
    await world.kubernetes.kubectl("delete", "pod", "holder", "--force", "--grace-period=0");
    const holder = [...node.sandboxes()].find((sandbox) => sandbox.pod.name === "holder");
    const asker = [...node.sandboxes()].find((sandbox) => sandbox.pod.name === "asker");
    if (holder === undefined || asker === undefined) throw new Error("expected both sandboxes");
    // Its namespace is gone, and no DEL came: that is evidence.
    await node.remove(holder);
    expect(addressesOf(added(await node.add(asker)))).toEqual(["10.1.0.20"]);
    const reasons = await eventually(async () => {
      const told = (
        await world.kubernetes.kubectl(
          "get",
          "events",
          "--field-selector=involvedObject.name=asker",
          "-o=jsonpath={range .items[*]}{.reason} {.source.component}{'\\n'}{end}",
        )
      ).trim();
      return told.includes("AddressHandedOver") ? told : undefined;
    });
    expect(reasons.split("\n").sort()).toEqual([
      "AddressHandedOver kube-ipam-agent",
      "AddressHeld kube-ipam-agent",
    ]);
    const text = await metrics();
    expect(waiting.exec(text)?.[1]).toBe("0");
    expect(text).toMatch(/^kube_ipam_agent_store_endpoint_in_use\{endpoint="https:[^"]*"\} 1$/m);
    expect(text).not.toMatch(/asker|10\.1\.0\.20/);
  }, 60_000);

  test("an annotation that cannot be is told on the pod too", async () => {
    const wrong = await makePod("wrong", { "kube-ipam.ip": "not-an-address" });
    expect(refused(await node.add(wrong)).code).toBe(103);
    await eventually(async () => {
      const told = await world.kubernetes.kubectl(
        "get",
        "events",
        "--field-selector=involvedObject.name=wrong",
        "-o=jsonpath={.items[*].reason}",
      );
      return told === "AddressRefused" || undefined;
    });
  }, 60_000);

  test("a kubeconfig that is put in place under the running agent is taken up", async () => {
    const kubeConfig = world.kubernetes.folder.file("rotating.kubeconfig");
    writeFileSync(kubeConfig, readFileSync(world.kubernetes.kubeConfig({ token: "revoked" })));
    const network = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: askingBy(kubeConfig, ipam),
    };
    const sandbox = await makePod("rotating", { "kube-ipam.ip": "10.1.0.30" });
    const { code } = refused(await node.add(sandbox, { network }));
    expect(code).toBe(104);
    writeFileSync(kubeConfig, readFileSync(ownConfig));
    expect(addressesOf(added(await node.add(sandbox, { network })))).toEqual(["10.1.0.30"]);
  }, 60_000);

  test("a pod that neither watch nor API server knows gets nothing", async () => {
    const unknown = await node.makeSandbox({
      namespace: "default",
      name: "nobody",
      uid: crypto.randomUUID(),
    });
    expect(refused(await node.add(unknown)).code).toBe(108);
  }, 60_000);
});

/** The same keys of `ipam`, with another way to Kubernetes. */
function askingBy(kubeConfig: string, ipam: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { etcdConfig } = ipam as { etcdConfig?: object };
  return etcdConfig === undefined
    ? { ...ipam, kubeConfig }
    : { ...ipam, etcdConfig: { ...etcdConfig, kubeConfig } };
}
