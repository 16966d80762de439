import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { reclaim } from "../free/reclaim.ts";
import { release } from "../free/release.ts";
import type { Ports } from "../ports.ts";
import type { AllocationRecord, Holder, Ref, ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put } from "../store-port.ts";
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

/** A world in which `intrude` happens once, between the look at the store and the commit of an ADD. */
function worldWith(intrude: (ports: Ports) => Promise<void>) {
  let armed = false;
  let calls = 0;
  const made = createWorld({
    pause: async () => {
      if (!armed || ++calls !== 2) return;
      armed = false;
      await intrude(ports);
    },
  });
  const node = made.node("node1");
  const ports = made.ports(node);
  return {
    ...made,
    node,
    ports,
    /** From now on the second call to the store, the commit of a fresh ADD, comes too late. */
    arm: () => {
      armed = true;
      calls = 0;
    },
  };
}

const space = "default";
const second = parseAddress("10.1.2.3");

function holder(container: string): Holder {
  return {
    attachment: attachment(container),
    node: "node2",
    nodeVerified: false,
    bootId: "boot-of-node2",
    namespace: { path: "/run/netns/other" },
    requestId: "another",
  };
}

const allocation: AllocationRecord = {
  version: 1,
  holders: [holder("intruder")],
  origin: "dynamic",
  since: "",
};
const reservation: ReservationRecord = {
  version: 1,
  owner: { kind: "Note", namespace: "", name: "printer" },
  kind: "operator",
  retain: "keep",
  since: "",
};

function write(ports: Ports, ...puts: Put[]): Promise<unknown> {
  return ports.store.commit({ guards: [], puts, deletes: [] }, { deadline: performance.now() + 1000 });
}

async function read<R extends Ref>(ports: Ports, ref: R) {
  return (await ports.store.read({ refs: [ref] }, { deadline: performance.now() + 1000 })).get(ref);
}

describe("GUARDED: what changes between look and commit makes an ADD look again", () => {
  const intrusions: [string, Put][] = [
    ["an allocation", { ref: refTo.allocation(space, second), record: allocation }],
    ["a reservation", { ref: refTo.reservation(space, second), record: reservation }],
    ["cooling", { ref: refTo.cooling(space, second), record: { version: 1 }, seconds: 60 }],
    [
      "a reserved range",
      {
        ref: { kind: "reservedRanges", space },
        record: { version: 1, ranges: [{ first: "10.1.2.3", last: "10.1.2.10", reservation }] },
      },
    ],
  ];
  test.each(intrusions)("%s on the address that was chosen", async (_, intrusion) => {
    const world = worldWith((ports) => write(ports, intrusion).then(() => {}));
    await add(world.ports, "first");
    world.arm();
    const got = texts(await add(world.ports, "c1"));
    expect(got).not.toEqual(["10.1.2.3/24"]);
    expect(got).toHaveLength(1);
    expect((await allocations(world.ports)).get(got[0]?.replace("/24", "") ?? "")).toEqual(["c1"]);
  });

  test.each(intrusions.slice(0, 2))("%s on the address that was asked for by name", async (_, intrusion) => {
    const world = worldWith((ports) => write(ports, intrusion).then(() => {}));
    await add(world.ports, "first");
    world.arm();
    const failure = await add(world.ports, "c1", { wish: named("10.1.2.3") }).catch((reason) => reason);
    expect([11, 101]).toContain(failure.code);
  });

  test("an entry of the same attachment made meanwhile is found, not overwritten", async () => {
    const mine = attachment("c1");
    const world = worldWith((ports) =>
      write(
        ports,
        {
          ref: { kind: "allocation", space, address: parseAddress("10.1.2.77") },
          record: { ...allocation, holders: [{ ...holder("c1"), node: "node1", bootId: "boot-1" }] },
        },
        {
          ref: { kind: "attachment", node: "node1", id: mine },
          record: {
            version: 1,
            space,
            addresses: ["10.1.2.77"],
            prefixes: [24],
            gateways: [null],
            origin: "dynamic",
            holder: { ...holder("c1"), node: "node1", bootId: "boot-1" },
          },
        },
      ).then(() => {}),
    );
    await add(world.ports, "first");
    world.arm();
    expect(texts(await add(world.ports, "c1"))).toEqual(["10.1.2.77/24"]);
    expect((await allocations(world.ports)).size).toBe(2);
  });

  test("a store that stops being ready gives out nothing", async () => {
    const world = worldWith(async (ports) => {
      const meta = await read(ports, refTo.meta);
      if (meta) await write(ports, { ref: refTo.meta, record: { ...meta.record, state: "recovering" } });
    });
    await add(world.ports, "first");
    world.arm();
    const failure = await add(world.ports, "c1").catch((reason) => reason);
    expect(failure.code).toBe(11);
    expect((await allocations(world.ports)).size).toBe(1);
  });
});

describe("ONE-STEP: a hand-over", () => {
  test("leaves nothing of the old attachment: neither its entry nor its other addresses", async () => {
    const world = worldWith(async () => {});
    const { node, ports } = world;
    const net = {
      ...smallNetwork(),
      sets: [
        ...smallNetwork().sets,
        ...smallNetwork().sets.map(({ ranges }) => ({
          ranges: ranges.map((range) => ({
            ...range,
            subnet: { address: parseAddress("10.7.0.0"), prefix: 24 },
            dynamic: { first: parseAddress("10.7.0.2"), last: parseAddress("10.7.0.9") },
            gateway: parseAddress("10.7.0.1"),
          })),
        })),
      ],
    };
    await add(ports, "old", { network: net, wish: named("10.1.2.9") });
    node.removeNamespace("/run/netns/old");
    await add(ports, "new", { wish: named("10.1.2.9") });
    expect([...(await allocations(ports)).entries()]).toEqual([["10.1.2.9", ["new"]]]);
    expect(await read(ports, { kind: "attachment", node: "node1", id: attachment("old") })).toBeUndefined();
  });

  test("of both families from one attachment ends its entry once", async () => {
    const { node, ports } = worldWith(async () => {});
    const dual = network(
      "net1",
      [{ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.9" }],
      [{ subnet: "fd00::/64", first: "fd00::2", last: "fd00::9" }],
    );
    const asked = { network: dual, wish: named("10.1.2.5", "fd00::5") };
    await add(ports, "old", asked);
    node.removeNamespace("/run/netns/old");
    expect(texts(await add(ports, "new", asked))).toEqual(["10.1.2.5/24", "fd00::5/64"]);
    expect([...(await allocations(ports)).values()]).toEqual([["new"], ["new"]]);
  });

  test("deletes the cooling record of an address that it takes by name", async () => {
    const { ports } = worldWith(async () => {});
    await add(ports, "c1");
    await del(ports, "c1");
    const ref = { kind: "cooling", space, address: parseAddress("10.1.2.2") } as const;
    expect(await read(ports, ref)).toBeDefined();
    await add(ports, "c2", { wish: named("10.1.2.2") });
    expect(await read(ports, ref)).toBeUndefined();
  });
});

describe("kept DELs", () => {
  const request = (container: string) => ({
    attachment: attachment(container),
    coolingSeconds: 60,
    deadline: performance.now() + 1000,
  });

  test("a DEL that cannot reach the store fails, is kept, and is replayed later", async () => {
    const { ports, store } = worldWith(async () => {});
    await add(ports, "c1");
    store.faults.push({ on: "read", kind: "unavailable" });
    expect(await release(request("c1"), ports).catch((failure) => failure.kind)).toBe("unavailable");
    expect(ports.node.keptReleases.list().map(({ attachment: { container } }) => container)).toEqual(["c1"]);
    expect(await reclaim(ports, { records: 4, deadline: performance.now() + 1000 })).toBe(1);
    expect(ports.node.keptReleases.list()).toEqual([]);
    expect((await allocations(ports)).size).toBe(0);
  });

  test("ONLY-MINE: the replay spares an ADD of the same attachment that came after", async () => {
    const { ports, store } = worldWith(async () => {});
    await add(ports, "c1");
    store.faults.push({ on: "read", kind: "unavailable" });
    await release(request("c1"), ports).catch(() => {});
    const kept = ports.node.keptReleases.list();
    await add(ports, "c1");
    expect(ports.node.keptReleases.list()).toEqual([]);
    for (const release of kept) ports.node.keptReleases.keep(release);
    await reclaim(ports, { records: 4, deadline: performance.now() + 1000 });
    expect((await allocations(ports)).size).toBe(1);
  });

  test("an address whose DEL is kept may be asked for by name on this node at once", async () => {
    const { ports, store } = worldWith(async () => {});
    await add(ports, "old", { wish: named("10.1.2.9") });
    store.faults.push({ on: "read", kind: "unavailable" });
    await release(request("old"), ports).catch(() => {});
    expect(texts(await add(ports, "new", { wish: named("10.1.2.9") }))).toEqual(["10.1.2.9/24"]);
  });

  test("a DEL whose commit has an unknown outcome is tried again", async () => {
    const { ports, store } = worldWith(async () => {});
    await add(ports, "c1");
    store.faults.push({ on: "commit", kind: "unknown-outcome", applied: false });
    await del(ports, "c1");
    expect((await allocations(ports)).size).toBe(0);
  });
});

test("a repeated ADD rewrites the allocation too, so that a late undo finds it changed", async () => {
  const { ports } = worldWith(async () => {});
  await add(ports, "c1");
  const again = await add(ports, "c1");
  const seen = await read(ports, { kind: "allocation", space, address: parseAddress("10.1.2.2") });
  expect(seen?.record.holders.map(({ requestId }) => requestId)).toEqual([again.requestId]);
});
