import { describe, expect, test } from "bun:test";
import { CAPS } from "../../address/caps.ts";
import { check } from "../check/check.ts";
import { explain } from "../explain/explain.ts";
import { readOnlyNode } from "../explain/read-only-node.ts";
import type { Network } from "../network.ts";
import {
  add,
  allocations,
  attachment,
  createWorld,
  del,
  named,
  network,
  smallNetwork,
  texts,
} from "../testing/world.ts";

/**
 * Design section 6, networks: whatever a name's configurations say, none is refused for another; the log names what is
 * new, once.
 */

function world(options: Parameters<typeof createWorld>[0] = {}) {
  let calls = 0;
  const made = createWorld({
    ...options,
    pause: async () => {
      calls += 1;
    },
  });
  const here = made.ports(made.node("n1"));
  const drifted = () =>
    made.log.filter((line) => line.includes("differs from the one that the store recorded last"));
  const outside = () => made.log.filter((line) => line.includes("now lies outside"));
  const writes = () =>
    made.store.commits.flatMap(({ puts }) => puts).filter(({ ref }) => ref.kind === "network");
  return { ...made, here, drifted, outside, writes, calls: () => calls };
}

const lan = (subnet: string, change: Partial<Network> = {}): Network => {
  const base = subnet.replace(/\.\d+\/\d+$/, "");
  const range = { subnet, first: `${base}.2`, last: `${base}.99`, gateway: `${base}.1` };
  return { ...network("net1", [range]), ...change };
};
const A = lan("10.1.2.0/24");
const B = lan("10.9.0.0/24");

const soon = () => performance.now() + 5_000;

test("the same configuration is written once, and nothing is said", async () => {
  const { drifted, here, writes } = world();
  await add(here, "c1");
  await add(here, "c2");
  expect(writes().length).toBe(1);
  expect(drifted()).toEqual([]);
});

test("the first interface besides the first one is written down once, and nothing is said", async () => {
  const { drifted, here, writes } = world();
  await add(here, "c1");
  await add(here, "c2", { ifname: "net1" });
  await add(here, "c3", { ifname: "net1" });
  await add(here, "c4");
  expect(writes().map(({ record }) => "further" in record && record.further)).toEqual([false, true]);
  expect(drifted()).toEqual([]);
});

describe.each<[string, Network, Network]>([
  ["widened", A, { ...lan("10.1.0.0/16") }],
  [
    "narrowed",
    A,
    lan("10.1.2.0/28", {
      sets: network("net1", [{ subnet: "10.1.2.0/28", first: "10.1.2.9", last: "10.1.2.14" }]).sets,
    }),
  ],
  ["moved", A, B],
  ["given another address space", A, { ...A, space: "vlan20" }],
  ["moved into another address space", A, { ...B, space: "vlan20" }],
])("a network that is %s under running pods", (_, before, after) => {
  test("gives out by the new configuration, and what it gave out before stays: ADD again, CHECK and DEL", async () => {
    const { drifted, here } = world();
    const [old = ""] = texts(await add(here, "c1", { network: before }));
    const [fresh = ""] = texts(await add(here, "c2", { network: after }));
    expect(drifted().length).toBe(1);
    for (const [container, address] of [
      ["c1", old],
      ["c2", fresh],
    ] as const)
      for (const now of [before, after]) {
        const again = await add(here, container, { network: now });
        expect(texts(again)).toEqual([address]);
        const expected = again.addresses.map((each) => each.address);
        await check({ attachment: attachment(container), network: now, expected, deadline: soon() }, here);
      }
    await del(here, "c1");
    await del(here, "c2");
    expect((await allocations(here)).size).toBe(0);
  });

  test("is what `why` says, which judges as the commit does", async () => {
    const { here } = world();
    await add(here, "c1", { network: before });
    const watching = { ...here, node: readOnlyNode(here.node, { name: "n1", bootId: here.node.bootId }) };
    const question = {
      attachment: attachment("next"),
      network: after,
      kubernetes: { annotations: "auto", capabilityDeclared: false } as const,
      requested: [],
    };
    const { addresses, refusal } = await explain(question, watching, soon());
    expect([addresses.map(({ outlook }) => outlook), refusal]).toEqual([["free"], undefined]);
    await add(here, "next", { network: after });
  });
});

test("one address in two address spaces is two addresses, under one name too", async () => {
  const { here, drifted } = world();
  const wish = named("10.1.2.7");
  await add(here, "c1", { network: A, wish });
  expect(texts(await add(here, "c2", { network: { ...A, space: "vlan20" }, wish }))).toEqual(["10.1.2.7/24"]);
  await expect(add(here, "c3", { network: A, wish })).rejects.toMatchObject({ code: 101 });
  expect(drifted()).toEqual([
    expect.stringContaining("it has address space 'vlan20' here and 'default' there"),
  ]);
});

test("a sandbox that was made again in another address space gets a new address there", async () => {
  const { here, node, ports } = world();
  const machine = node("n2");
  const there = ports(machine);
  await add(there, "c1", { network: A });
  machine.removeNamespace("/run/netns/c1");
  const again = await add(there, "c1", { network: { ...A, space: "vlan20" } });
  expect([again.space, again.repeated]).toEqual(["vlan20", false]);
  expect((await allocations(here)).size).toBe(1);
});

test("what lies outside is told once, and in one line", async () => {
  const { here, outside } = world();
  for (let n = 1; n <= 30; n += 1) await add(here, `c${n}`, { network: A });
  await add(here, "d1", { network: B });
  await add(here, "d2", { network: B });
  expect(outside().length).toBe(1);
  expect(outside()[0]).toMatch(
    /^warn (10\.1\.2\.\d+ \(container c\d+\), ){15}10\.1\.2\.\d+ \(container c\d+\) and 14 more/,
  );
});

test("two definitions by turns cost no line, no write and no further round trip, with many pods", async () => {
  const { calls, here, log, writes } = world();
  const narrow = lan("10.1.2.0/24", { exclude: [] });
  const other = {
    ...narrow,
    sets: network("net1", [{ subnet: "10.1.2.0/24", first: "10.1.2.130", last: "10.1.2.254" }]).sets,
  };
  for (let n = 1; n <= 30; n += 1) await add(here, `c${n}`, { network: narrow });
  for (let n = 1; n <= 2; n += 1)
    for (const each of [other, narrow]) await add(here, `s${n}${each === other}`, { network: each });
  const before = { lines: log.length, writes: writes().length, calls: calls() };
  expect(before.lines).toBe(2);
  for (let n = 1; n <= 10; n += 1) {
    await add(here, `a${n}`, { network: other });
    await add(here, `b${n}`, { network: narrow });
  }
  expect([log.length, writes().length]).toEqual([before.lines, before.writes]);
  // A look and a commit for each.
  expect(calls() - before.calls).toBe(40);
});

test("an agent's ADDs by turns need one round trip each: neither definition spoils what is known of the other", async () => {
  const { calls, here } = world({ foresight: true });
  for (let n = 1; n <= 3; n += 1)
    for (const each of [A, B]) await add(here, `s${n}${each === A}`, { network: each });
  const before = calls();
  for (let n = 1; n <= 10; n += 1)
    for (const each of [A, B]) await add(here, `c${n}${each === A}`, { network: each });
  expect(calls() - before).toBe(20);
});

describe("nodes with subnets of their own under one name", () => {
  const nodes = (count: number, change: Partial<Network> = {}) => {
    const made = world();
    const each = Array.from({ length: count }, (_, index) => ({
      ports: made.ports(made.node(`n${index}`)),
      network: lan(`10.${index}.0.0/24`, change),
    }));
    return { ...made, each };
  };

  test("all get addresses; nodeLocal says that they are meant, and is named where it is missing", async () => {
    for (const nodeLocal of [true, false]) {
      const { each, drifted } = nodes(3, nodeLocal ? { nodeLocal } : {});
      for (const [index, { ports, network: own }] of each.entries())
        expect(texts(await add(ports, `c${index}`, { network: own }))).toEqual([`10.${index}.0.2/24`]);
      expect(drifted().length).toBe(nodeLocal ? 0 : 2);
      if (!nodeLocal) expect(drifted()[0]).toContain("set nodeLocal: true");
    }
  });

  test("however many there are, the record is written a bounded number of times, and read by each ADD alone", async () => {
    const { calls, each, here, log, writes } = nodes(60, { nodeLocal: true });
    for (const [index, { ports, network: own }] of each.entries())
      await add(ports, `c${index}`, { network: own });
    expect(writes().length).toBe(CAPS.definitions + 1);
    const before = calls();
    for (const [index, { ports, network: own }] of each.entries())
      await add(ports, `d${index}`, { network: own });
    expect(calls() - before).toBe(120);
    expect(writes().length).toBe(CAPS.definitions + 1);
    expect(log).toEqual([]);
    expect((await allocations(here)).size).toBe(120);
  });

  test("a wish for another node's subnet is 102, and the details name that", async () => {
    const { each } = nodes(2, { nodeLocal: true });
    const [one, two] = each;
    if (one === undefined || two === undefined) throw new Error("two nodes");
    await add(one.ports, "c1", { network: one.network });
    await expect(
      add(two.ports, "c2", { network: two.network, wish: named("10.0.0.9") }),
    ).rejects.toMatchObject({
      code: 102,
      details: expect.stringContaining("also stands for 10.0.0.0/24, but not here"),
    });
  });
});

test("a name's definitions by turns, more than are kept, do not flood the log", async () => {
  const { here, log } = world();
  for (let round = 0; round < 5; round += 1)
    for (let n = 0; n < 12; n += 1) await add(here, `c${round}-${n}`, { network: lan(`10.${n}.0.0/24`) });
  expect(log.filter((line) => line.includes("more than"))).toEqual([
    expect.stringContaining("network 'net1' is used with more than 8 configurations"),
  ]);
  expect(log.length).toBeLessThan(20);
});

test("the configuration of a pod's own network may be imported without ranges", async () => {
  const { drifted, here, store } = world();
  const record = { version: 1, space: "default", subnets: ["10.1.2.0/24"] };
  await store.commit(
    { guards: [], puts: [{ ref: { kind: "network", name: "net1" }, record }], deletes: [] },
    { deadline: soon() },
  );
  await add(here, "c1", { network: smallNetwork() });
  expect(drifted()).toEqual([]);
});
