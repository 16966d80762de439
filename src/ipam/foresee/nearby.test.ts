import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { dynamicPools } from "../../address/pool.ts";
import { add, allocations, createWorld, del, network, smallNetwork, texts } from "../testing/world.ts";
import type { WarmForesight } from "./warm-foresight.ts";

/** One node, alone on its store, whose agent has served two ADDs; counts the calls of the store. */
async function warm(net = smallNetwork()) {
  let calls = 0;
  const world = createWorld({
    foresight: true,
    pause: async () => {
      calls += 1;
    },
  });
  const ports = world.ports(world.node("node1"));
  const adds = async (container: string, of = net) =>
    texts(await add(ports, container, { network: of })).map((text) => text.split("/")[0]);
  await adds("c1");
  await adds("c2");
  return { ...world, portsOf: world.ports, ports, adds, calls: () => calls };
}

describe("what an ADD has taken from its neighbourhood and not tried to commit", () => {
  test("is the next one's, after a repeated ADD", async () => {
    const { adds } = await warm();
    expect(await adds("c2")).toEqual(["10.1.2.3"]);
    expect(await adds("c2")).toEqual(["10.1.2.3"]);
    expect(await adds("c3")).toEqual(["10.1.2.4"]);
  });

  test("is the next one's, where the other family has no free address", async () => {
    const v4 = { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.254", gateway: "10.1.2.1" };
    const v6 = (last: string) => ({ subnet: "fd00::/64", first: "fd00::2", last });
    const { adds } = await warm(network("net1", [v4], [v6("fd00::3")]));
    for (const container of ["c3", "c4", "c5"])
      await expect(adds(container)).rejects.toMatchObject({ name: "noFreeAddress" });
    expect(await adds("c6", network("net1", [v4], [v6("fd00::4")]))).toEqual(["10.1.2.4", "fd00::4"]);
  });

  test("is its own, where it has to read for the other family", async () => {
    const v4 = { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.254", gateway: "10.1.2.1" };
    const v6 = { subnet: "fd00::/64", first: "fd00::2", last: "fd00::3" };
    const { adds, ports } = await warm(network("net1", [v4], [v6]));
    await del(ports, "c1");
    expect(await adds("c3")).toEqual(["10.1.2.4", "fd00::2"]);
  });

  test("is the next one's, where the ADD could not be done", async () => {
    const { adds, store } = await warm();
    store.faults.push({ on: "commit", kind: "unavailable" });
    await expect(adds("c3")).rejects.toMatchObject({ kind: "unavailable" });
    expect(await adds("c4")).toEqual(["10.1.2.4"]);
  });
});

test("K224: a node that is alone goes on in order from the first address of a large range, in both families", async () => {
  const v4 = { subnet: "10.4.0.0/16", first: "10.4.0.1", last: "10.4.255.254", gateway: "10.4.0.1" };
  const v6 = { subnet: "fd04::/64", first: "fd04::2", last: "fd04::ffff:ffff:ffff:ffff" };
  const large = network("net1", [v4], [v6]);
  const { adds, ports, node, portsOf } = await warm(large);
  expect(await adds("c3")).toEqual(["10.4.0.4", "fd04::4"]);
  expect(await adds("c4")).toEqual(["10.4.0.5", "fd04::5"]);
  // Another node's place is elsewhere.
  const other = texts(await add(portsOf(node("node2")), "d1", { network: large }));
  expect(other.filter((text) => text.startsWith("10.4.0.") || text.startsWith("fd04::6"))).toEqual([]);
  expect((await allocations(ports)).size).toBe(10);
});

test("K225: networks on one subnet that leave out other addresses have neighbourhoods of their own", async () => {
  const without = (name: string, text: string) => {
    const point = parseAddress(text);
    const range = { subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.254", gateway: "10.1.2.1" };
    return { ...network(name, [range]), exclude: [{ first: point, last: point }] };
  };
  const [one, two] = [without("net1", "10.1.2.10"), without("net2", "10.1.2.20")];
  const { adds, calls } = await warm(one);
  await adds("d1", two);
  await adds("d2", two);
  const given = new Set<string | undefined>();
  const before = calls();
  for (let n = 0; n < 16; n++) given.add((await adds(`e${n}`, n % 2 === 0 ? one : two))[0]);
  // .10 is free for the second one, and .20 for the first.
  expect(given).toEqual(new Set(Array.from({ length: 16 }, (_, n) => `10.1.2.${6 + n}`)));
  expect(calls() - before).toBe(16);
});

test("K226: what the node gave back stays away from an asker who must not have it, in a range that is searched too", async () => {
  const ranges = [1, 2, 3, 4, 5].map((net) => ({
    subnet: `10.1.${net}.0/24`,
    first: `10.1.${net}.2`,
    last: `10.1.${net}.${net === 5 ? 9 : 2}`,
    gateway: `10.1.${net}.1`,
  }));
  const net = network("net1", ranges);
  const { adds, ports } = await warm(net);
  for (const container of ["c3", "c4"]) await adds(container);
  const owner = { kind: "Note", namespace: "", name: "lab" };
  const reservation = { version: 1, owner, kind: "operator", retain: "keep", since: "" } as const;
  const record = { version: 1, ranges: [{ first: "10.1.5.7", last: "10.1.5.8", reservation }] };
  const puts = [{ ref: { kind: "reservedRanges", space: "default" } as const, record }];
  await ports.store.commit({ guards: [], puts, deletes: [] }, { deadline: performance.now() + 1000 });
  const [set] = net.sets;
  const pool = set && dynamicPools(set, []).at(-1);
  if (pool === undefined) throw new Error("expected a pool");
  const neighbourhood = (ports.foresight as WarmForesight).neighbourhoods.of("default", pool);
  neighbourhood.contested = true;
  neighbourhood.freed(pool.positionOf(parseAddress("10.1.5.7")) ?? -1n, 0);
  const given = await Promise.all(["d1", "d2", "d3", "d4", "d5", "d6"].map((container) => adds(container)));
  expect(given.flat().toSorted()).toEqual(["2", "3", "4", "5", "6", "9"].map((host) => `10.1.5.${host}`));
});
