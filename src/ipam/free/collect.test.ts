import { describe, expect, test } from "bun:test";
import type { Ports } from "../ports.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { add, allocations, attachment, createWorld, network } from "../testing/world.ts";
import { collect } from "./collect.ts";
import { reclaim } from "./reclaim.ts";

/** GC and reclaiming (EVIDENCE): what a node may free without being told to by a DEL. */

async function world(clusterUid?: string) {
  const made = createWorld();
  const node = made.node("n1");
  const ports = made.ports(node, undefined, clusterUid);
  for (const container of ["c1", "c2", "c3"]) await add(ports, container);
  for (const container of ["c1", "c2"]) node.removeNamespace(`/run/netns/${container}`);
  return { ...made, node, here: ports };
}

function gc(ports: Ports, ...valid: string[]): Promise<void> {
  const list = valid.map((container) => ({ container, ifname: "eth0" }));
  return collect(
    { network: "net1", space: "default", valid: list, coolingSeconds: 0, deadline: performance.now() + 1000 },
    ports,
  );
}

async function holders(ports: Ports): Promise<string[]> {
  return [...(await allocations(ports)).values()].flat().sort();
}

describe("GC", () => {
  test("frees what is not listed and whose namespace is gone, and nothing else", async () => {
    const { here } = await world();
    await gc(here, "c1");
    expect(await holders(here)).toEqual(["c1", "c3"]);
  });

  test("frees nothing of another network", async () => {
    const { here, node } = await world();
    const other = network("other", [{ subnet: "10.9.0.0/24", first: "10.9.0.2", last: "10.9.0.9" }]);
    await add(here, "d1", { network: other });
    node.removeNamespace("/run/netns/d1");
    await gc(here);
    expect(await holders(here)).toEqual(["c3", "d1"]);
  });

  test("ONE-STORE: a store that is not this node's is refused, and nothing freed", async () => {
    const { here, node } = await world();
    const { prefix } = here.store.description;
    node.storeMemory.remember("default", { uuid: "another", revision: 1, prefix });
    await expect(gc(here)).rejects.toMatchObject({ code: 106 });
    expect((await holders(here)).length).toBe(3);
  });

  test("goes on where one release fails, and tells so at the end", async () => {
    const { here, store } = await world();
    store.faults.push({ on: "commit", kind: "unavailable" });
    await expect(gc(here)).rejects.toMatchObject({ code: 11, message: "could not free 1 attachments" });
    expect((await holders(here)).length).toBe(2);
  });
});

test("reclaiming that meets one dead sandbox looks for more of them", async () => {
  const { here, node } = await world();
  for (let n = 10; n < 30; n++) await add(here, `c${n}`);
  for (let n = 24; n < 30; n++) node.removeNamespace(`/run/netns/c${n}`);
  const { journal } = node;
  const from = (first: number) => {
    const list = (limit?: number) => journal.list().slice(limit && first, limit && first + limit);
    Object.assign(node, { journal: { ...journal, list } });
    return here;
  };
  const limits = { records: 4, look: 8, deadline: performance.now() + 5000 };
  node.due("sweep");
  expect(await reclaim(from(3), limits)).toBe(0);
  expect(await reclaim(from(0), limits)).toBe(4);
  expect(await reclaim(from(12), limits)).toBe(4);
  expect((await holders(here)).length).toBe(15);
});

describe("another cluster's node of the same name", () => {
  test("loses nothing, though its boot is another one", async () => {
    const { ports, node } = await world("cluster-1");
    const theirs = ports(node, undefined, "cluster-2");
    node.reboot();
    await gc(theirs);
    expect(await reclaim(theirs, { records: 8, deadline: performance.now() + 1000, sweep: true })).toBe(0);
    expect(await holders(theirs)).toEqual(["c1", "c2", "c3"]);
    const own = ports(node as FakeNode, undefined, "cluster-1");
    expect(await reclaim(own, { records: 8, deadline: performance.now() + 1000, sweep: true })).toBe(3);
  });
});

test("a listed attachment is told by container and interface", async () => {
  const { here } = await world();
  const valid = [{ container: attachment("c1").container, ifname: "net1" }];
  await collect(
    { network: "net1", space: "default", valid, coolingSeconds: 0, deadline: performance.now() + 1000 },
    here,
  );
  expect(await holders(here)).toEqual(["c3"]);
});
