import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { OwnerFacts, PodFacts } from "../cluster-port.ts";
import { collect } from "../free/collect.ts";
import type { ClusterPorts } from "../ports.ts";
import { refTo } from "../ref-to.ts";
import { RetentionKeeper } from "../reserve/retention.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { add, allocations, createWorld, del, named } from "../testing/world.ts";

/**
 * A cluster whose name changes under its records, and another one with nodes and pods of the same names:
 * nothing of one's own becomes a stranger's, and nothing of a stranger's one's own (EVIDENCE).
 */
const A = "authority-a";
const ADDRESS = "10.1.2.8";
const PLACE = refTo.reservation("default", parseAddress(ADDRESS));

function clusters() {
  const world = createWorld();
  const node = world.node("n1");
  const cluster = new FakeCluster();
  const called = (...names: [string, ...string[]]): ClusterPorts => ({
    ...world.ports(node, cluster),
    cluster,
    clusterNames: calledBy(...names),
  });
  const soon = () => ({ deadline: performance.now() + 5_000 });
  const reservation = async () => (await world.store.read({ refs: [PLACE] }, soon())).get(PLACE)?.record;
  return { world, node, cluster, called, soon, reservation };
}

/** The pod of this UID under the one name, which owns what it asks for, or is of a set. */
function bare(uid: string): { pod: PodFacts; owner: OwnerFacts } {
  const pod = podFacts({ name: "bare", uid });
  return { pod, owner: { owner: { kind: "Pod", namespace: "default", name: "bare", uid } } };
}

function asking({ pod, owner }: ReturnType<typeof bare>) {
  const { namespace, name, uid } = pod;
  return { pod: { namespace, name, uid }, wish: { ...named(ADDRESS), pod, owner } };
}

describe("a bare pod, made anew under its name", () => {
  test.each([
    ["after the right was given", ["uid-1", A], "uid-1"],
    ["behind a bundle of the old authority and the new", ["authority-b+a"], "authority-a+b"],
    ["after the authority was replaced, where the node remembers it", ["authority-b", A], "authority-a+b"],
  ] as [string, [string, ...string[]], string][])("K52: has its address %s", async (_, names, name) => {
    const { called, cluster, reservation } = clusters();
    const before = called(A);
    cluster.addPod(bare("u1").pod);
    await add(before, "c1", asking(bare("u1")));
    await del(before, "c1");
    cluster.addPod(bare("u2").pod);
    await add(called(...names), "c2", asking(bare("u2")));
    expect((await reservation())?.cluster).toBe(name);
  });

  test.each([["authority-b"], ["uid-2"]])("K53: of another cluster (%s) is refused", async (name) => {
    const { called, cluster, reservation } = clusters();
    await add(called(A), "c1", asking(bare("u1")));
    await del(called(A), "c1");
    cluster.addPod(bare("u2").pod);
    await expect(add(called(name), "c2", asking(bare("u2")))).rejects.toMatchObject({
      code: 101,
      details: expect.stringContaining("another cluster (authority-a) (that name is made of"),
    });
    expect((await reservation())?.cluster).toBe(A);
  });
});

test("K52: a reservation under a former name gets the better one, never a worse, and no two nodes take turns", async () => {
  const { called, reservation } = clusters();
  const again = async (container: string, ...names: [string, ...string[]]) => {
    await add(called(...names), container, asking(bare("u1")));
    await del(called(...names), container);
    return (await reservation())?.cluster;
  };
  expect(await again("c1", A)).toBe(A);
  expect(await again("c2", "authority-b", A)).toBe("authority-a+b");
  expect(await again("c3", "authority-b+c")).toBe("authority-a+b");
  expect(await again("c4", A)).toBe("authority-a+b");
  expect(await again("c5", "uid-1", A)).toBe("uid-1");
});

describe("what this very boot wrote under a name that nobody knows any more", () => {
  test("K54: is freed by GC once its namespace is gone, but not after a reboot, nor for another UID", async () => {
    const { called, node, soon, world } = clusters();
    const gc = (name: string) =>
      collect({ network: "net1", space: "default", valid: [], coolingSeconds: 0, ...soon() }, called(name));
    await add(called(A), "c1");
    node.removeNamespace("/run/netns/c1");
    await gc("uid-2");
    expect((await allocations(world.ports(node))).size).toBe(0);
    await add(called("uid-1"), "c2");
    await add(called(A), "c3");
    node.reboot();
    await gc("uid-2");
    expect((await allocations(world.ports(node))).size).toBe(2);
  });
});

test("K55: the controller ends what is its own by any name, and nothing of another cluster", async () => {
  const { called, soon, reservation } = clusters();
  await add(called(A), "c1", asking(bare("u1")));
  await del(called(A), "c1");
  const rounds = async (...names: [string, ...string[]]) => {
    let now = 0;
    const keeper = new RetentionKeeper(called(...names), 0, () => (now += 60_000));
    for (let round = 0; round < 2; round++) await keeper.round(soon(), new AbortController().signal);
    return await reservation();
  };
  expect(await rounds("uid-1")).toBeDefined();
  expect(await rounds("authority-b")).toBeDefined();
  expect(await rounds("uid-1", "authority-b", A)).toBeUndefined();
});
