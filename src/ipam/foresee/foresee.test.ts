import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { release } from "../free/release.ts";
import { lookAtStore } from "../integrity/look.ts";
import type { Ports } from "../ports.ts";
import type { AllocationRecord, Owner, Ref } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put } from "../store-port.ts";
import {
  type Asked,
  add,
  allocations,
  attachment,
  createWorld,
  del,
  named,
  network,
  texts,
} from "../testing/world.ts";
import type { Wish } from "../wish.ts";
import { WarmForesight } from "./warm-foresight.ts";

/** A process that serves many ADDs of one network, and counts what it asks the store. */
async function foreseeing(last = 254, foresight: true | "guessing" = true) {
  let calls = 0;
  const world = createWorld({
    foresight,
    pause: async () => {
      calls += 1;
    },
  });
  const ports = world.ports(world.node("node1"));
  const net = network("net1", [
    { subnet: "10.1.2.0/24", first: "10.1.2.1", last: `10.1.2.${last}`, gateway: "10.1.2.1" },
  ]);
  const adds = async (container: string, asked: Asked = {}) =>
    texts(await add(ports, container, { network: net, ...asked }))[0] ?? "";
  // The first makes the network's record, the second learns.
  await adds("c1");
  await adds("c2");
  return {
    ...world,
    ports,
    portsOf: world.ports,
    net,
    adds,
    counting: Object.assign(
      async (container: string, asked?: Asked) => {
        const before = calls;
        const address = await adds(container, asked);
        return { address, calls: calls - before };
      },
      { calls: () => calls },
    ),
  };
}

const RESERVATION = { kind: "reservation", space: "default", address: parseAddress("10.1.2.77") } as const;

const soon = () => ({ deadline: performance.now() + 1000 });

function write(ports: Ports, ...puts: Put[]): Promise<unknown> {
  return ports.store.commit({ guards: [], puts, deletes: [] }, { deadline: performance.now() + 1000 });
}

async function read<R extends Ref>(ports: Ports, ref: R) {
  return (await ports.store.read({ refs: [ref] }, { deadline: performance.now() + 1000 })).get(ref);
}

function allocation(text: string): Put {
  const record: AllocationRecord = { version: 1, holders: [], origin: "dynamic", since: "" };
  return { ref: { kind: "allocation", space: "default", address: parseAddress(text) }, record };
}

test("an ADD again keeps its address after its network has excluded it (IDEMPOTENT)", async () => {
  const { adds, net } = await foreseeing();
  const wish = named("10.1.2.9");
  await adds("c3", { wish });
  const point = parseAddress("10.1.2.9");
  const excluded = { ...net, exclude: [{ first: point, last: point }] };
  // The first makes the changed network's record, the second learns.
  await adds("c4", { network: excluded });
  await adds("c5", { network: excluded });
  expect(await adds("c3", { network: excluded, wish })).toBe("10.1.2.9/24");
});

describe("an ADD that foresees", () => {
  test("needs one round trip, and gives what a look would have given", async () => {
    const { counting } = await foreseeing();
    expect(await counting("c3")).toEqual({ address: "10.1.2.4/24", calls: 1 });
    expect(await counting("c4")).toEqual({ address: "10.1.2.5/24", calls: 1 });
  });

  test("loses to whoever was quicker, and takes another address", async () => {
    const { ports, counting } = await foreseeing();
    await write(ports, allocation("10.1.2.4"));
    // The lost transaction, which answers with a look, and another one.
    expect(await counting("c3")).toEqual({ address: "10.1.2.5/24", calls: 2 });
    // What it saw then, it has learnt.
    expect(await counting("c4")).toEqual({ address: "10.1.2.6/24", calls: 1 });
  });

  test.each(["reservation", "cooling"] as const)("never takes an address with a %s", async (kind) => {
    const { ports, counting } = await foreseeing();
    const ref = { space: "default", address: parseAddress("10.1.2.4") };
    const owner = { kind: "Note", namespace: "", name: "printer" };
    const reserved = { version: 1, owner, kind: "operator", retain: "keep", since: "" } as const;
    if (kind === "cooling")
      await write(ports, { ref: { kind, ...ref }, record: { version: 1 }, seconds: 60 });
    else await write(ports, { ref: { kind, ...ref }, record: reserved });
    expect((await counting("c3")).address).toBe("10.1.2.5/24");
  });

  test("FLAT: pods that start at once on a node that knows nothing yet share one read", async () => {
    const { node, portsOf, net, counting } = await foreseeing();
    const second = portsOf(node("node2"));
    const before = counting.calls();
    await Promise.all(Array.from({ length: 10 }, (_, n) => add(second, `d${n}`, { network: net })));
    expect(counting.calls() - before).toBe(11);
  });

  test("whoever reads for others and fails leaves them to read", async () => {
    const { node, portsOf, store, net } = await foreseeing();
    const second = portsOf(node("node2"));
    store.faults.push({ on: "read", kind: "unavailable" });
    const adds = ["d1", "d2", "d3"].map((container) => add(second, container, { network: net }));
    const outcomes = await Promise.allSettled(adds);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  });

  test("a rise of the epoch costs no ADD a race where the node has looked since", async () => {
    const { ports, counting } = await foreseeing();
    const meta = await read(ports, refTo.meta);
    if (meta === undefined) throw new Error("expected an identity");
    await write(ports, { ref: refTo.meta, record: { ...meta.record, epoch: 7 } });
    await lookAtStore(ports, soon());
    expect(await counting("c3")).toEqual({ address: "10.1.2.4/24", calls: 1 });
  });

  test("FLAT: a node takes again what it gave back itself, without a read", async () => {
    const { ports, counting, adds } = await foreseeing(4);
    await adds("c3");
    await release({ attachment: attachment("c3"), coolingSeconds: 0, deadline: soon().deadline }, ports);
    expect(await counting("c4")).toEqual({ address: "10.1.2.4/24", calls: 1 });
  });

  test("answers a repeated ADD as before", async () => {
    const { ports, adds } = await foreseeing();
    expect(await adds("c1")).toBe("10.1.2.2/24");
    expect((await allocations(ports)).size).toBe(2);
  });

  test("refuses while the store is not ready, although it was when it looked", async () => {
    const { ports, adds } = await foreseeing();
    const meta = await read(ports, refTo.meta);
    if (meta === undefined) throw new Error("expected an identity");
    await write(ports, { ref: refTo.meta, record: { ...meta.record, state: "recovering" } });
    await expect(adds("c3")).rejects.toMatchObject({ name: "tryAgain" });
    expect((await allocations(ports)).size).toBe(2);
  });

  test("sees a range that was reserved meanwhile", async () => {
    const { ports, counting } = await foreseeing();
    const reservation = {
      version: 1,
      owner: { kind: "Note", namespace: "", name: "lab" },
      kind: "operator",
      retain: "keep",
      since: "",
    } as const;
    await write(ports, {
      ref: { kind: "reservedRanges", space: "default" },
      record: { version: 1, ranges: [{ first: "10.1.2.3", last: "10.1.2.9", reservation }] },
    });
    expect((await counting("c3")).address).toBe("10.1.2.10/24");
    expect(await counting("c4")).toEqual({ address: "10.1.2.11/24", calls: 1 });
  });

  test("ONE-STORE: undoes what it wrote into an older state of the store", async () => {
    const { ports, adds } = await foreseeing();
    const known = ports.node.storeMemory.recall("default");
    if (known === undefined) throw new Error("expected a memory");
    ports.node.storeMemory.remember("default", { ...known, revision: known.revision + 100 });
    await expect(adds("c3")).rejects.toMatchObject({ name: "storeCannotWrite" });
    expect((await allocations(ports)).size).toBe(2);
  });

  test("gives out all of a small range, and no more", async () => {
    const { adds } = await foreseeing(6);
    const given = ["10.1.2.2/24", "10.1.2.3/24"];
    for (const container of ["c3", "c4", "c5"]) given.push(await adds(container));
    expect(given.sort()).toEqual(["10.1.2.2/24", "10.1.2.3/24", "10.1.2.4/24", "10.1.2.5/24", "10.1.2.6/24"]);
    await expect(adds("c6")).rejects.toMatchObject({ name: "noFreeAddress" });
  });

  test("at the same time as many others gets an address of its own", async () => {
    const { adds } = await foreseeing();
    const given = await Promise.all(Array.from({ length: 100 }, (_, n) => adds(`x${n}`)));
    expect(new Set(given).size).toBe(100);
  });
});

describe("a wish by name", () => {
  const owner: Owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "u2" };
  const pod = { namespace: "default", name: "db-0", uid: "u1" };
  const of = (who: Owner): Partial<Wish> => ({ ...named("10.1.2.77"), owner: { owner: who } });

  test("of nobody in particular needs one round trip, also to be refused", async () => {
    const { counting } = await foreseeing();
    const asked = { wish: named("10.1.2.77") };
    expect(await counting("c3", asked)).toEqual({ address: "10.1.2.77/24", calls: 1 });
    const before = counting.calls();
    await expect(counting("c4", asked)).rejects.toMatchObject({ code: 101 });
    expect(counting.calls() - before).toBe(1);
  });

  test("of an owner looks at first, and finds what it left when its pod is made again", async () => {
    const { ports, counting } = await foreseeing();
    const asked = { pod, wish: of(owner) };
    expect(await counting("c3", asked)).toEqual({ address: "10.1.2.77/24", calls: 2 });
    await del(ports, "c3");
    expect(await counting("c4", asked)).toEqual({ address: "10.1.2.77/24", calls: 1 });
    const reservation = await read(ports, RESERVATION);
    expect(reservation?.record.owner).toEqual(owner);
    await del(ports, "c4");
    expect(await counting("c5", asked)).toEqual({ address: "10.1.2.77/24", calls: 1 });
  });

  test("of another owner is judged by what the store says", async () => {
    const { ports, counting } = await foreseeing();
    await counting("c3", { pod, wish: of(owner) });
    await del(ports, "c3");
    const other = { ...owner, namespace: "team-b", uid: "u3" };
    await expect(counting("c4", { wish: of(other) })).rejects.toMatchObject({ code: 101 });
  });

  test("without an owner gets nothing that an owner left", async () => {
    const { ports, counting } = await foreseeing();
    await counting("c3", { pod, wish: of(owner) });
    await del(ports, "c3");
    await expect(counting("c4", { wish: named("10.1.2.77") })).rejects.toMatchObject({ code: 101 });
  });

  test("gets nothing of a range that is reserved for others", async () => {
    const { ports, counting } = await foreseeing();
    const reservation = { version: 1, owner, kind: "operator", retain: "keep", since: "" } as const;
    await write(ports, {
      ref: { kind: "reservedRanges", space: "default" },
      record: { version: 1, ranges: [{ first: "10.1.2.70", last: "10.1.2.79", reservation }] },
    });
    await counting("c3");
    await expect(counting("c4", { wish: named("10.1.2.77") })).rejects.toMatchObject({ code: 101 });
  });

  test("of a pod that comes from another node looks, and knows it the next time", async () => {
    const { node, ports, portsOf, net, counting } = await foreseeing();
    const asked = { network: net, pod, wish: of(owner) };
    await counting("c3", asked);
    await del(ports, "c3");
    const second = portsOf(node("node2"));
    const costs: number[] = [];
    for (const container of ["d1", "d2", "d3"]) {
      const before = counting.calls();
      await add(second, container, asked);
      costs.push(counting.calls() - before);
      await del(second, container);
    }
    // Nothing is known of the network at first.
    expect(costs).toEqual([2, 1, 1]);
  });

  test("finds what became of its reservation meanwhile", async () => {
    const { ports, counting } = await foreseeing();
    await counting("c3", { pod, wish: of(owner) });
    await del(ports, "c3");
    const theirs = { ...owner, namespace: "team-b", name: "other", uid: "u3" };
    const record = { version: 1, owner: theirs, kind: "automatic", retain: "keep", since: "" } as const;
    await write(ports, { ref: RESERVATION, record });
    await expect(counting("c4", { pod, wish: of(owner) })).rejects.toMatchObject({ code: 101 });
    await ports.store.commit({ guards: [], puts: [], deletes: [RESERVATION] }, soon());
    expect(await counting("c5", { pod, wish: of(owner) })).toEqual({ address: "10.1.2.77/24", calls: 2 });
  });

  test("whose reservation ends with each DEL never counts on it", async () => {
    const { ports, counting } = await foreseeing();
    const asked = { pod, wish: { ...of(owner), retain: "delete" as const } };
    for (const container of ["c3", "c4", "c5"]) {
      expect(await counting(container, asked)).toEqual({ address: "10.1.2.77/24", calls: 2 });
      await del(ports, container);
    }
  });
});

describe("an ADD that guesses", () => {
  test("needs one round trip where it is right, and two where it is wrong", async () => {
    const { ports, counting } = await foreseeing(254, "guessing");
    expect(await counting("c3")).toEqual({ address: "10.1.2.4/24", calls: 1 });
    await write(ports, allocation("10.1.2.5"), allocation("10.1.2.6"));
    expect(await counting("c4")).toEqual({ address: "10.1.2.7/24", calls: 2 });
    expect(await counting("c5")).toEqual({ address: "10.1.2.8/24", calls: 1 });
  });

  test("gives out all of a small range, and no more", async () => {
    const { adds } = await foreseeing(6, "guessing");
    const given = ["10.1.2.2/24", "10.1.2.3/24"];
    for (const container of ["c3", "c4", "c5"]) given.push(await adds(container));
    expect(given.sort()).toEqual([2, 3, 4, 5, 6].map((byte) => `10.1.2.${byte}/24`));
    await expect(adds("c6")).rejects.toMatchObject({ name: "noFreeAddress" });
  });
});

test.each([true, "guessing"] as const)(
  "a repeated ADD hides nothing that the journal knows (%p)",
  async (foresight) => {
    const { ports, net } = await foreseeing(254, foresight);
    const pod = { namespace: "default", name: "db-0", uid: "u1" };
    const owner = { owner: { kind: "StatefulSet", namespace: "default", name: "db", uid: "u2" } };
    await add(ports, "c3", { network: net, pod, wish: { ...named("10.1.2.77"), owner } });
    const { reservedFor } = ports.node.journal.read(attachment("c3")) ?? {};
    // The annotation was removed meanwhile.
    expect(texts(await add(ports, "c3", { network: net, pod }))).toEqual(["10.1.2.77/24"]);
    expect(reservedFor).toBeDefined();
    expect(ports.node.journal.read(attachment("c3"))).toMatchObject({
      addresses: ["10.1.2.77"],
      reservedFor,
    });
  },
);

test("a foresight remembers a bounded number of networks", () => {
  const foresight = new WarmForesight();
  const meta = { revision: 1, record: { version: 1, uuid: "u", state: "ready" } } as const;
  const seen = { revision: 1, record: { version: 1, space: "default", subnets: [] } };
  for (let n = 0; n < 300; n += 1) foresight.learn(`net${n}`, { meta, network: seen, reserved: [] });
  expect(foresight.recall("net0")).toBeUndefined();
  expect(foresight.recall("net299")).toBeDefined();
});
