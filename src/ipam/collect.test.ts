import { describe, expect, test } from "bun:test";
import { collect } from "./collect.ts";
import type { Ports } from "./ports.ts";
import { reclaim } from "./reclaim.ts";
import type { FakeNode } from "./testing/fake-node.ts";
import { add, allocations, attachment, createWorld, network } from "./testing/world.ts";

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
    { network: "net1", valid: list, coolingSeconds: 0, deadline: performance.now() + 1000 },
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

  test("goes on where one release fails, and tells so at the end", async () => {
    const { here, store } = await world();
    store.faults.push({ on: "commit", kind: "unavailable" });
    await expect(gc(here)).rejects.toMatchObject({ code: 11, message: "1 attachments could not be freed" });
    expect((await holders(here)).length).toBe(2);
  });
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
  await collect({ network: "net1", valid, coolingSeconds: 0, deadline: performance.now() + 1000 }, here);
  expect(await holders(here)).toEqual(["c3"]);
});
