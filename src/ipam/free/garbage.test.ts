import { expect, test } from "bun:test";
import { IpamError } from "../errors.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, allocations, attachment, createWorld, del, named } from "../testing/world.ts";
import { deadElsewhere, deadHere, type Garbage } from "./garbage.ts";
import { ownerless } from "./ownerless.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });

async function gather(found: AsyncIterable<Garbage>): Promise<Garbage[]> {
  return Array.fromAsync(found);
}

const texts = (found: readonly Garbage[]) =>
  found.map(({ kind, addresses, because }) => `${kind} ${addresses.join()}: ${because}`);

test("what this node's dead sandboxes hold is told once, and freed when it is asked for", async () => {
  const world = createWorld();
  const node = world.node("n1");
  const ports = world.ports(node);
  for (const container of ["alive", "dead", "kept"]) await add(ports, container);
  node.removeNamespace("/run/netns/dead");
  const requestId = node.journal.read(attachment("kept"))?.holder.requestId ?? "";
  node.keptReleases.keep({ version: 1, attachment: attachment("kept"), node: "n1", requestId });
  const found = await gather(deadHere(ports, soon()));
  expect(texts(found)).toEqual([
    "kept DEL 10.1.2.4: its DEL waited for the store",
    "dead sandbox 10.1.2.3: its network namespace is gone",
  ]);
  expect((await allocations(ports)).size).toBe(3);
  expect(await Promise.all(found.map(({ free }) => free()))).toEqual([true, true]);
  expect([...(await allocations(ports)).keys()]).toEqual(["10.1.2.2"]);
  expect(await Promise.all(found.map(({ free }) => free()))).toEqual([false, false]);
});

test("what was rewritten since it was looked at stays", async () => {
  const world = createWorld();
  const node = world.node("n1");
  const ports = world.ports(node);
  await add(ports, "c");
  node.removeNamespace("/run/netns/c");
  const [found] = await gather(deadHere(ports, soon()));
  await add(ports, "c");
  expect(await found?.free()).toBe(false);
  expect((await allocations(ports)).size).toBe(1);
});

test("K44 what fenced nodes hold, by live reads, and what a rebooted node does not know for its own", async () => {
  const world = createWorld();
  const cluster = new FakeCluster();
  const inventory = {
    pods: async function* () {
      yield* cluster.pods.values();
    },
    nodes: async function* () {
      yield* cluster.nodes.values();
    },
  };
  for (const [index, name] of ["deleted", "tainted", "rebooted", "well"].entries()) {
    const node = world.node(name);
    const pod = podFacts({ name: `p-${name}`, uid: `u-${name}`, nodeName: name });
    const asked = {
      pod: { namespace: "default", name: pod.name, uid: pod.uid },
      wish: { pod, ...named(`10.1.2.${index + 2}`) },
    };
    await add(world.ports(node, cluster, "cluster-1"), `c-${name}`, asked);
    cluster.nodes.set(name, nodeFacts({ name, bootId: node.bootId }));
  }
  cluster.nodes.delete("deleted");
  cluster.nodes.set("tainted", nodeFacts({ name: "tainted", ready: "unknown", outOfServiceTaint: true }));
  cluster.nodes.set("rebooted", nodeFacts({ name: "rebooted", bootId: "later" }));
  const ports = {
    ...world.ports(world.node("operator"), cluster),
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
  const look = async () => texts(await gather(deadElsewhere(ports, inventory, 0, soon())));
  expect(await look()).toEqual([
    "fenced node 10.1.2.2: its node was deleted",
    "fenced node 10.1.2.4: its node was rebooted",
    "fenced node 10.1.2.3: its node is tainted out-of-service",
  ]);
  cluster.nodes.set("rebooted", nodeFacts({ name: "rebooted", ready: "unknown", bootId: "later" }));
  // A pod that the API server still has may still run.
  cluster.addPod(podFacts({ name: "p-deleted", uid: "u-deleted", nodeName: "deleted" }));
  expect(await look()).toEqual(["fenced node 10.1.2.3: its node is tainted out-of-service"]);
  const [found] = await gather(deadElsewhere(ports, inventory, 0, soon()));
  cluster.goDown();
  expect(await found?.free()).toBe(false);
  cluster.failure = undefined;
  expect(await found?.free()).toBe(true);
  expect(await look()).toEqual([]);
});

test("reservations whose owner is gone, unless somebody has the address or wants it kept", async () => {
  const world = createWorld();
  const cluster = new FakeCluster();
  const node = world.node("n1");
  const ports = { ...world.ports(node, cluster, "cluster-1"), cluster, clusterNames: calledBy("cluster-1") };
  const wishes = [
    ["gone", "10.1.2.2", "workload"],
    ["held", "10.1.2.3", "workload"],
    ["lives", "10.1.2.4", "workload"],
    ["kept", "10.1.2.5", "keep"],
    ["later", "10.1.2.6", 3600],
  ] as const;
  for (const [name, address, retain] of wishes) {
    const owner = { owner: { kind: "StatefulSet", namespace: "default", name } };
    const pod = { namespace: "default", name: `${name}-0`, uid: name };
    await add(ports, name, { pod, wish: { ...named(address), retain, owner } });
    if (name !== "held") await del(ports, name);
  }
  cluster.present.add("StatefulSet default/lives");
  const look = async () => gather(ownerless(ports, soon()));
  const [found, ...more] = await look();
  expect(texts(found ? [found, ...more] : [])).toEqual(["ownerless reservation 10.1.2.2: its owner is gone"]);
  cluster.present.add("StatefulSet default/gone");
  expect(await found?.free()).toBe(false);
  cluster.present.delete("StatefulSet default/gone");
  expect(await found?.free()).toBe(true);
  expect(await look()).toEqual([]);
});

test("an owner that may not be read keeps its reservation, and no other one", async () => {
  const world = createWorld();
  const cluster = new FakeCluster();
  const node = world.node("n1");
  const ports = { ...world.ports(node, cluster, "cluster-1"), cluster, clusterNames: calledBy("cluster-1") };
  for (const [index, kind] of ["Zed", "Zed", "StatefulSet"].entries()) {
    const owner = { owner: { kind, namespace: "default", name: `o-${index}` } };
    const pod = { namespace: "default", name: `p-${index}`, uid: `u-${index}` };
    await add(ports, `c-${index}`, { pod, wish: { ...named(`10.1.2.${index + 2}`), owner } });
    await del(ports, `c-${index}`);
  }
  const forbidden = new IpamError("kubernetesRefused", "may not get zeds", "bind a role");
  cluster.ownerState = async ({ kind }) => {
    if (kind === "Zed") throw forbidden;
    return "gone";
  };
  const [found, ...more] = await gather(ownerless(ports, soon()));
  expect(more).toEqual([]);
  expect(await found?.free()).toBe(true);
  expect(found?.addresses).toEqual(["10.1.2.4"]);
  expect(world.log.filter((line) => line.startsWith("warn"))).toEqual([
    "warn may not get zeds: kube-ipam keeps what is reserved for owners that it cannot read; bind a role",
  ]);
});
