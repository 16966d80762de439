import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { adoptImported, IMPORTED } from "../free/adopt.ts";
import { collect } from "../free/collect.ts";
import { deadElsewhere, deadHere } from "../free/garbage.ts";
import { ownerless } from "../free/ownerless.ts";
import { reclaim } from "../free/reclaim.ts";
import type { ClusterPorts, Ports } from "../ports.ts";
import type { Ref } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { reserveRange } from "../reserve/reserve-range.ts";
import { RetentionKeeper } from "../reserve/retention.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { add, attachment, createWorld, del, named } from "../testing/world.ts";

/**
 * A record that somebody else wrote, or half of one: all that concerns it fails and names it, nobody
 * deletes or overwrites it, and everything else goes on.
 */

const soon = () => ({ deadline: performance.now() + 10_000 });
const owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "s1" };

/** Attachments of which all but the first are dead; warnings are told once per process, so names differ. */
async function world(...containers: string[]) {
  const made = createWorld();
  const node = made.node("n1");
  const ports = made.ports(node);
  for (const container of containers) await add(ports, container);
  for (const container of containers.slice(1)) node.removeNamespace(`/run/netns/${container}`);
  return { ...made, node, here: ports };
}

const entryRef = (container: string): Ref => ({ kind: "attachment", node: "n1", id: attachment(container) });

function addressRef<K extends "allocation" | "reservation">(kind: K, text: string) {
  return { kind, space: "default" as const, address: parseAddress(text) };
}

async function taken({ store }: Ports): Promise<string[]> {
  const window = { ...{ space: "default", limit: 99 }, first: parseAddress("10.1.2.0") };
  const query = { windows: [{ ...window, last: parseAddress("10.1.2.255") }] };
  const [answer] = (await store.read(query, soon())).windows;
  return answer?.allocated.map(formatAddress) ?? [];
}

const gc = (ports: Ports) =>
  collect(
    { network: "net1", space: "default", valid: [], coolingSeconds: 0, deadline: soon().deadline },
    ports,
  );

test("GC frees the rest, and warns of each record once", async () => {
  const { store, here, log } = await world("gc-alive", "gc-damaged", "gc-dead");
  store.damage(entryRef("gc-damaged"));
  await gc(here);
  await gc(here);
  expect(await taken(here)).toEqual(["10.1.2.2", "10.1.2.3"]);
  const warnings = log.filter((line) => line.startsWith("warn"));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("gc-damaged");
  await expect(store.read({ refs: [entryRef("gc-damaged")] }, soon())).rejects.toMatchObject({
    kind: "damaged",
  });
});

test("GC frees the rest where an allocation is damaged, and tells what it could not free", async () => {
  const { store, here } = await world("gd-alive", "gd-damaged", "gd-dead");
  store.damage(addressRef("allocation", "10.1.2.3"));
  await expect(gc(here)).rejects.toMatchObject({ code: 11, details: expect.stringContaining("gd-damaged") });
  expect(await taken(here)).toEqual(["10.1.2.2", "10.1.2.3"]);
});

test.each<[string, (container: string) => Ref]>([
  ["attachment", entryRef],
  ["allocation", () => addressRef("allocation", "10.1.2.3")],
])("reclaiming frees the rest where an %s is damaged", async (kind, refOf) => {
  const names = ["alive", "damaged", "dead"].map((name) => `r-${kind}-${name}`);
  const { store, here, log, node } = await world(...names);
  const damaged = refOf(names[1] ?? "");
  store.damage(damaged);
  const limits = { records: 8, sweep: true, deadline: soon().deadline };
  expect(await reclaim(here, limits)).toBe(1);
  expect(await taken(here)).toEqual(["10.1.2.2", "10.1.2.3"]);
  expect(log.filter((line) => line.startsWith("warn")).length).toBeLessThanOrEqual(1);
  // Repaired, it is freed like any other.
  expect(node.journal.read(attachment(names[1] ?? ""))).toBeDefined();
});

test("an ADD and a DEL that need the record fail; others do not notice", async () => {
  const { store, here } = await world("d-alive");
  store.damage(entryRef("d-alive"));
  await expect(del(here, "d-alive")).rejects.toMatchObject({ kind: "damaged" });
  store.damage(addressRef("allocation", "10.1.2.9"));
  await expect(add(here, "d-fixed", { wish: named("10.1.2.9") })).rejects.toMatchObject({ kind: "damaged" });
  await add(here, "d-other");
  expect(await taken(here)).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.9"]);
});

test("'gc' tells what it cannot free, and frees the rest", async () => {
  const { store, here } = await world("g-alive", "g-damaged", "g-dead");
  store.damage(entryRef("g-damaged"));
  const results: unknown[] = [];
  for await (const { addresses, free } of deadHere(here, soon()))
    results.push([addresses.join(), await free().catch(({ kind }) => kind)]);
  expect(results.sort()).toEqual([
    ["", "damaged"],
    ["10.1.2.4", true],
  ]);
});

test("importing and fenced nodes are looked through to the end", async () => {
  const { store, here, node } = await world("i-1", "i-2");
  store.damage(entryRef("i-1"));
  const cluster = new FakeCluster("cluster-1");
  const inventory = { async *pods() {}, async *nodes() {} };
  const ports: ClusterPorts = { ...here, cluster, clusterNames: calledBy("cluster-1") };
  expect(await Array.fromAsync(deadElsewhere(ports, inventory, 0, soon()))).toEqual([]);
  await imported("i-3", here, node);
  const notes = {
    namespaceOf: () => undefined,
    containerOf: () => undefined,
    knows: () => true,
    trusted: true,
  };
  expect(await adoptImported(notes, here, soon())).toMatchObject({ adopted: 1, freed: 0 });
});

/** As an import writes an attachment: of no boot yet. */
async function imported(container: string, ports: Ports, node: FakeNode): Promise<void> {
  await add(ports, container);
  const ref = { kind: "attachment", node: node.name, id: attachment(container) } as const;
  const entry = (await ports.store.read({ refs: [ref] }, soon())).get(ref);
  if (entry === undefined) throw new Error("expected the attachment that was added");
  const holder = { ...entry.record.holder, bootId: "", requestId: `${IMPORTED}test:${container}` };
  const put = { ref, record: { ...entry.record, holder } };
  await ports.store.commit({ guards: [], puts: [put], deletes: [] }, soon());
}

async function reserved(...texts: string[]) {
  const made = createWorld();
  const cluster = new FakeCluster("cluster-1");
  const uid = "cluster-1";
  const ports: ClusterPorts = {
    ...made.ports(made.node(""), cluster, uid),
    cluster,
    clusterNames: calledBy(uid),
  };
  const record = { version: 1, owner, kind: "automatic", retain: 0, cluster: uid, since: "" } as const;
  const puts = texts.map((text) => ({ ref: addressRef("reservation", text), record }));
  const meta = { ref: refTo.meta, record: { version: 1, uuid: "u", state: "ready" } } as const;
  await made.store.commit({ guards: [], puts: [meta, ...puts], deletes: [] }, soon());
  return { ...made, here: ports };
}

test("retention: a damaged reservation never ends, nor one whose address is held by a damaged record", async () => {
  const { store, here } = await reserved("10.1.2.7", "10.1.2.8", "10.1.2.9");
  store.damage(addressRef("reservation", "10.1.2.7"));
  store.damage(addressRef("allocation", "10.1.2.9"));
  const keeper = new RetentionKeeper(here, 0);
  const ended: string[] = [];
  for (let round = 0; round < 3; round++)
    for (const { entry } of await keeper.round(soon(), new AbortController().signal))
      ended.push(formatAddress(entry.ref.address));
  expect(ended).toEqual(["10.1.2.8"]);
});

test("retention goes on where an owner's record is damaged", async () => {
  const { store, here } = await reserved("10.1.2.8");
  store.damage({ kind: "owner", space: "default", owner });
  const keeper = new RetentionKeeper(here, 0);
  for (let round = 0; round < 3; round++)
    expect(await keeper.round(soon(), new AbortController().signal)).toEqual([]);
});

test("'gc' leaves a reservation whose address is held by a damaged record", async () => {
  const { store, here } = await reserved("10.1.2.7", "10.1.2.8", "10.1.2.9");
  store.damage(addressRef("reservation", "10.1.2.7"));
  store.damage(addressRef("allocation", "10.1.2.9"));
  const found = await Array.fromAsync(ownerless(here, soon()));
  expect(found.flatMap(({ addresses }) => addresses)).toEqual(["10.1.2.8"]);
});

test.each(["allocation", "reservation"] as const)(
  "FAIL-CLOSED: no range is reserved over a damaged %s, and one beside it is",
  async (kind) => {
    const { store, here } = await world("f-alive");
    await add(here, "f-beside", { wish: named("10.1.2.77") });
    store.damage(addressRef(kind, "10.1.2.70"));
    store.damage(addressRef(kind, "10.1.2.99"));
    const wish = { space: "default", owner, retain: "keep", evenIfHeld: true, requireInit: false } as const;
    const range = (first: string, last: string) =>
      reserveRange({ first: parseAddress(first), last: parseAddress(last) }, wish, here, soon());
    await expect(range("10.1.2.70", "10.1.2.80")).rejects.toMatchObject({ kind: "damaged" });
    expect(await range("10.1.2.71", "10.1.2.80")).toMatchObject({ created: true });
  },
);
