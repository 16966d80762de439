import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import type { Finished } from "../kit/run.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** A lost store is compared with what a real API server's pods show; one node says nothing. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`recovery: ${missing}`, () => {});

interface Home {
  readonly node: ClusterNode;
  readonly sandbox: Sandbox;
  readonly address: string;
}

describe.skipIf(missing !== undefined)("recovering with Kubernetes", () => {
  let world: PodsOnNodes;
  let nodes: readonly [ClusterNode, ClusterNode];

  beforeAll(async () => {
    world = await podsOnNodes();
    await world.kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    const network = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: { ...world.ipam, subnet: "10.1.0.0/16", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.51" },
    };
    nodes = [await world.node("n1", network), await world.node("n2", network)];
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  async function sandboxOf(name: string, node: ClusterNode, ip?: string): Promise<Sandbox> {
    const annotations = ip === undefined ? {} : { "kube-ipam.ip": ip };
    const wanted = pod({ name, node: node.name, annotations });
    await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", wanted);
    return node.makeSandbox(await world.find(name));
  }

  async function attach(name: string, node: ClusterNode, ip?: string): Promise<Home> {
    const sandbox = await sandboxOf(name, node, ip);
    const [address = ""] = addressesOf(added(await node.add(sandbox)));
    return { node, sandbox, address };
  }

  function patch(name: string, change: object, part = ""): Promise<unknown> {
    const path = `/api/v1/namespaces/default/pods/${name}${part}`;
    return world.kubernetes.request("PATCH", path, change, "application/merge-patch+json");
  }

  /** As the kubelet tells the first interface's address, and Multus a further one's. */
  async function show(name: string, address: string, how: "podIPs" | "network-status"): Promise<void> {
    if (how === "podIPs") {
      await patch(name, { status: { podIP: address, podIPs: [{ ip: address }] } }, "/status");
      return;
    }
    const networks = JSON.stringify([{ name: "default/net1", interface: "net1", ips: [address] }]);
    await patch(name, { metadata: { annotations: { "k8s.v1.cni.cncf.io/network-status": networks } } });
  }

  /** Address -> container, as the store has it. */
  async function holders(): Promise<Record<string, string>> {
    const all = await listAllocations(() => openEtcdStore(etcdSettings(world.etcd)));
    return Object.fromEntries(all.map(({ address, container }) => [address, container]));
  }

  function recover(node: ClusterNode, ...more: string[]): Promise<Finished> {
    return node.operate("recover", "--kubeconfig", world.kubernetes.adminConfig, "-o", "json", ...more);
  }

  async function json(finished: Promise<Finished>): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await finished;
    if (stdout === "") throw new Error(`expected JSON, got ${stderr}`);
    return JSON.parse(stdout);
  }

  test("what a silent node's pods show is held for them, until the node itself speaks", async () => {
    const [one, two] = nodes;
    const a = await attach("a", one);
    const b = await attach("b", two);
    const c = await attach("c", two, "10.1.9.9");
    await show("a", a.address, "podIPs");
    await show("b", b.address, "network-status");
    await show("c", c.address, "podIPs");
    await world.etcd.ctl("del", "--prefix", "/kube-ipam/");
    expect(refused(await one.add(a.sandbox)).code).toBe(106);

    const recovering = json(recover(one, "--timeout", "15"));
    const answer = await eventually(
      async () => (await json(recover(one, "--this-node"))).answer ?? undefined,
      60_000,
    );
    expect(answer).toMatchObject({ attachments: 1, written: 1 });
    const recovered = await recovering;
    expect(recovered).toMatchObject({ silent: ["n2"], conflicts: [], findings: [] });
    const evidence = recovered.onEvidence as { address: string; pod: { name: string } }[];
    expect(evidence.map(({ address, pod: of }) => `${of.name} ${address}`).sort()).toEqual([
      `b ${b.address}`,
      `c ${c.address}`,
    ]);
    expect((await holders())[a.address]).toBe(a.sandbox.container);

    // Refused as long as the node is silent; held on evidence even when an operator gives it up.
    const thief = await sandboxOf("thief", one, c.address);
    expect(refused(await one.add(thief)).code).toBe(101);
    const other = await sandboxOf("other", one);
    expect(refused(await one.add(other)).code).toBe(100);
    await recover(one, "--forget", "n2");
    const held = refused(await one.add(thief));
    expect(`${held.code} ${held.msg}`).toBe(
      `11 address ${c.address} is held by the running pod default/c on node n2`,
    );
    const [given = ""] = addressesOf(added(await one.add(other)));
    expect([a.address, b.address, c.address]).not.toContain(given);

    // The node comes back: its own word takes the place of the evidence, and its DELs free.
    const said = await json(recover(two, "--this-node"));
    expect(said.answer).toMatchObject({ attachments: 2, written: 2, conflicts: [] });
    expect(await holders()).toEqual({
      [a.address]: a.sandbox.container,
      [b.address]: b.sandbox.container,
      [c.address]: c.sandbox.container,
      [given]: other.container,
    });
    for (const { node, sandbox } of [a, b, c]) await node.end(sandbox);
    await one.end(other);
    expect(await holders()).toEqual({});
  }, 180_000);
});
