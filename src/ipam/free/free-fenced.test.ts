import { beforeEach, describe, expect, test } from "bun:test";
import { IpamError } from "../errors.ts";
import type { ClusterPorts } from "../ports.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { holder, nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, allocations, createWorld } from "../testing/world.ts";
import { freeFenced, suspectedFence } from "./free-fenced.ts";

const POD = { namespace: "default", name: "old", uid: "uid-old" };

let cluster: FakeCluster;
let ports: ClusterPorts;

/** A pod's attachment on node n1, whose name was verified, in the boot "boot-1". */
beforeEach(async () => {
  const world = createWorld();
  cluster = new FakeCluster("cluster-1");
  cluster.addPod(podFacts());
  cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1" }));
  const plugin = world.ports(world.node("n1"), cluster, "cluster-1");
  await add(plugin, "c1", { pod: POD, wish: { pod: podFacts() } });
  ports = {
    ...world.ports(world.node("controller"), cluster, "cluster-1"),
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
});

const options = () => ({ deadline: performance.now() + 5_000 });

async function entry() {
  for await (const found of ports.store.list({ kind: "attachment" }, options())) return found;
  throw new Error("expected an attachment");
}

const judged = async () => (await freeFenced(await entry(), 60, ports, options()))?.fence;
const held = async () => (await allocations(ports)).size;

describe("freeing what a fenced node holds", () => {
  test("the pod is gone and the node deleted: freed, at the address's place cooling", async () => {
    cluster.pods.clear();
    cluster.nodes.clear();
    expect(await judged()).toBe("node-deleted");
    expect(await held()).toBe(0);
    const cooling = await Array.fromAsync(ports.store.list({ kind: "cooling" }, options()));
    expect(cooling).toHaveLength(1);
  });

  test.each([
    ["NotReady and out of service", { ready: "unknown", outOfServiceTaint: true }, "out-of-service"],
    ["Ready in another boot", { bootId: "boot-2" }, "rebooted"],
  ] as const)("the pod was replaced and the node is %s: freed", async (_, node, fence) => {
    cluster.addPod(podFacts({ uid: "uid-other" }));
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1", ...node }));
    expect(await judged()).toBe(fence);
    expect(await held()).toBe(0);
  });

  test.each([
    ["merely NotReady", { ready: "unknown" }],
    ["Ready, with the taint", { outOfServiceTaint: true }],
    ["alive in the same boot", {}],
    ["Ready, without a boot ID", { bootId: "" }],
  ] as const)("the pod is gone, but the node is %s: kept", async (_, node) => {
    cluster.pods.clear();
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1", ...node }));
    expect(await judged()).toBeUndefined();
    expect(await held()).toBe(1);
  });

  test("the node is gone, but the API still has the pod: kept", async () => {
    cluster.nodes.clear();
    expect(await judged()).toBeUndefined();
  });

  test.each(["tryAgain", "kubernetesRefused"] as const)(
    "the API says %s: unknown frees nothing",
    async (name) => {
      cluster.pods.clear();
      cluster.nodes.clear();
      cluster.failure = new IpamError(name, "no");
      expect(await judged()).toBeUndefined();
      expect(await held()).toBe(1);
    },
  );

  test("a mistake of ours is no evidence, and is seen", async () => {
    cluster.pod = () => Promise.reject(new TypeError("a mistake"));
    await expect(judged()).rejects.toThrow("a mistake");
  });

  test("another cluster's records are never freed, nor asked about", async () => {
    cluster.pods.clear();
    cluster.nodes.clear();
    cluster.calls.length = 0;
    ports = { ...ports, clusterNames: calledBy("cluster-2") };
    expect(await judged()).toBeUndefined();
    expect([await held(), cluster.calls]).toEqual([1, []]);
  });

  test("ONLY-MINE: a record that was written again since it was listed stays", async () => {
    cluster.pods.clear();
    cluster.nodes.clear();
    const seen = await entry();
    const stale = {
      ...seen,
      record: { ...seen.record, holder: { ...seen.record.holder, requestId: "earlier" } },
    };
    expect(await freeFenced(stale, 0, ports, options())).toBeUndefined();
    expect(await held()).toBe(1);
  });
});

describe("a suspicion", () => {
  const nodes = new Map([["n1", nodeFacts()]]);

  test.each([
    ["a node that is not in the list", holder({ cluster: "c", node: "n2" }), "node-deleted"],
    ["another boot", holder({ cluster: "c", bootId: "boot-0" }), "rebooted"],
    ["a node that is well", holder({ cluster: "c" }), undefined],
    ["another cluster", holder({ cluster: "d", node: "n2" }), undefined],
    ["no cluster", holder({ node: "n2" }), undefined],
    ["a name that was never verified", holder({ cluster: "c", node: "n2", nodeVerified: false }), undefined],
  ] as const)("%s", (_, of, fence) => {
    expect(suspectedFence(of, nodes, calledBy("c"))).toBe(fence as "rebooted");
  });

  test("who is no pod is never suspected", () => {
    const { pod: _pod, ...bare } = holder({ cluster: "c", node: "n2" });
    expect(suspectedFence(bare, nodes, calledBy("c"))).toBeUndefined();
  });
});
