import { beforeEach, describe, expect, test } from "bun:test";
import { KnownBoots } from "../evidence/known-boots.ts";
import { BootProver } from "../evidence/prove-boots.ts";
import type { ClusterPorts, Ports } from "../ports.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { holder, nodeFacts } from "../testing/hand-over.ts";
import { add, createWorld } from "../testing/world.ts";
import { findSuspects } from "./fenced-suspects.ts";

const NODE = nodeFacts({ bootId: "boot-1" });
const ALL = new Map([["n1", NODE]]);
const NONE = new Map();

let ports: ClusterPorts;
let plugin: Ports;

/** A machine n1 in its boot "boot-1" with pods that want nothing, and so were never looked up. */
beforeEach(async () => {
  const world = createWorld();
  const cluster = new FakeCluster("cluster-1");
  plugin = world.ports(world.node("n1"), cluster, "cluster-1");
  ports = {
    ...world.ports(world.node(""), cluster, "cluster-1"),
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
  for (const name of ["a", "b", "c"]) await attach(name);
});

const options = () => ({ deadline: performance.now() + 5_000 });

const attach = (name: string) => add(plugin, name, { pod: { namespace: "default", name, uid: name } });

/** A controller's round, as far as it looks; `boots` is what its leader remembers. */
async function found(boots: KnownBoots, nodes: ReadonlyMap<string, typeof NODE>): Promise<string[]> {
  const { clusterNames, store } = ports;
  const prover = new BootProver(clusterNames);
  const suspects = await findSuspects(store, nodes, boots, clusterNames, options(), (entry) =>
    prover.see(entry),
  );
  await prover.prove(boots, ports, options());
  return suspects.map(({ entry, fence }) => `${entry.ref.id.container} ${fence}`).toSorted();
}

async function proven(): Promise<number> {
  const entries = await Array.fromAsync(ports.store.list({ kind: "attachment" }, options()));
  return entries.filter(({ record }) => record.holder.nodeVerified).length;
}

describe("who may be a fenced node's", () => {
  test("nobody, while the name of the node was never verified", async () => {
    expect(await found(new KnownBoots(), NONE)).toEqual([]);
    expect(await proven()).toBe(0);
  });

  test("all of a boot that a Node object has shown; the next leader knows it by one record", async () => {
    const boots = new KnownBoots();
    expect(await found(boots, ALL)).toEqual([]);
    expect(await proven()).toBe(1);
    await found(boots, ALL);
    expect(await proven()).toBe(1);
    const all = ["a node-deleted", "b node-deleted", "c node-deleted"];
    expect(await found(boots, NONE)).toEqual(all);
    expect(await found(new KnownBoots(), NONE)).toEqual(all);
  });

  test("another machine of that name proves nothing for this one", async () => {
    const impostor = new Map([["n1", nodeFacts({ bootId: "boot-9" })]]);
    const boots = new KnownBoots();
    expect(await found(boots, impostor)).toEqual([]);
    expect(await found(boots, NONE)).toEqual([]);
    expect(await proven()).toBe(0);
  });

  test("another boot of the same machine is fenced, the present one is not", async () => {
    const boots = new KnownBoots();
    await found(boots, ALL);
    const rebooted = new Map([["n1", nodeFacts({ bootId: "boot-2" })]]);
    expect(await found(boots, rebooted)).toEqual(["a rebooted", "b rebooted", "c rebooted"]);
  });

  test("another cluster's records are neither suspected nor written", async () => {
    ports = { ...ports, clusterNames: calledBy("cluster-2") };
    const boots = new KnownBoots();
    await found(boots, ALL);
    expect(await found(boots, NONE)).toEqual([]);
    expect(await proven()).toBe(0);
  });

  test("K54: what nodes wrote under a substitute is this cluster's once a Node has shown their boot", async () => {
    const world = createWorld();
    const cluster = new FakeCluster("uid-1");
    plugin = world.ports(world.node("n1"), cluster, "authority-a");
    ports = { ...world.ports(world.node("")), cluster, clusterNames: cluster.names };
    for (const name of ["a", "b"]) await attach(name);
    const fresh = () => new KnownBoots(cluster.names);
    expect(await found(fresh(), NONE)).toEqual([]);
    const impostor = new Map([["n1", nodeFacts({ bootId: "boot-9" })]]);
    expect(await found(fresh(), impostor)).toEqual([]);
    expect(await proven()).toBe(0);
    const verified = holder({ cluster: "authority-a" });
    const boots = fresh();
    boots.learnHolder(verified);
    expect(boots.verified(verified)).toEqual(verified);
    expect(await found(fresh(), ALL)).toEqual([]);
    expect(await proven()).toBe(1);
    expect(await found(fresh(), NONE)).toEqual(["a node-deleted", "b node-deleted"]);
  });
});
