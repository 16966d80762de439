import { expect, test } from "bun:test";
import { parseAddress } from "../address/address.ts";
import { parseCidr } from "../address/cidr.ts";
import type { IpamError } from "../ipam/errors.ts";
import { definitionsInForce } from "../ipam/network-definitions.ts";
import type { Ports } from "../ipam/ports.ts";
import type { AllocationRecord, Owner, Ref } from "../ipam/records.ts";
import { refTo } from "../ipam/ref-to.ts";
import { reserveAddress } from "../ipam/reserve/reserve.ts";
import { reserveRange } from "../ipam/reserve/reserve-range.ts";
import type { Store } from "../ipam/store-port.ts";
import type { FakeNode } from "../ipam/testing/fake-node.ts";
import {
  add,
  allocations,
  attachment,
  createWorld,
  del,
  named,
  network,
  texts,
} from "../ipam/testing/world.ts";
import type { PortableDocument, PortableRecord } from "./document.ts";
import { exportRecords } from "./export-records.ts";
import { type ForeignLease, recordsOfLeases } from "./foreign-leases.ts";
import { importRecords } from "./import-records.ts";
import { parseDocument } from "./parse-document.ts";
import { planImport } from "./plan-import.ts";

const options = { deadline: performance.now() + 60_000 };
const db: Owner = { kind: "StatefulSet", namespace: "team-a", name: "db", uid: "u1" };
const reserving = { space: "default", retain: "keep", evenIfHeld: false, requireInit: false } as const;

const dual = network(
  "net1",
  [{ subnet: "10.1.0.0/16", first: "10.1.0.1", last: "10.1.255.254", gateway: "10.1.0.1" }],
  [{ subnet: "fd00::/64", first: "fd00::1", last: "fd00::ffff", gateway: "fd00::1" }],
);

function world(node = "node1") {
  const made = createWorld();
  const machine = made.node(node);
  return { store: made.store, ports: made.ports(machine) };
}

/** Three pods, one with a fixed address; a reserved range, and a reservation without a pod. */
async function lived() {
  const made = world();
  const { ports } = made;
  for (const container of ["c1", "c2"]) await add(ports, container, { network: dual });
  const pod = { namespace: "team-a", name: "db-0", uid: "p1" };
  await add(ports, "c3", { network: dual, pod, wish: { ...named("10.1.9.9"), owner: { owner: db } } });
  const note = { kind: "Note", namespace: "", name: "printer" };
  const interval = { first: parseAddress("10.1.8.0"), last: parseAddress("10.1.8.255") };
  await reserveRange(interval, { ...reserving, owner: note }, ports, options);
  await reserveAddress(parseAddress("10.1.7.7"), { ...reserving, owner: db }, ports, options);
  return made;
}

async function exported(store: Store): Promise<PortableDocument> {
  const { document, unfit } = await exportWhole(store, options);
  expect(unfit).toBe(0);
  return JSON.parse(JSON.stringify(document));
}

async function moved(): Promise<{
  source: Ports;
  target: ReturnType<typeof world>;
  records: PortableRecord[];
}> {
  const { ports, store } = await lived();
  return { source: ports, target: world(), records: parseDocument(await exported(store), "file") };
}

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (failure) {
    const { code, message, details } = failure as IpamError;
    return `${code} ${message}; ${details}`;
  }
}

async function exportWhole(store: Store, call: typeof options) {
  const { count, head, records, unfit } = await exportRecords(store, call);
  const document = { ...head, records: [...records()] };
  expect(document.records).toHaveLength(count);
  return { document, unfit };
}

test("what was exported is imported whole, and a second time nothing is left to do", async () => {
  const { source, target, records } = await moved();
  const first = await importRecords(records, target.store, options);
  expect(first).toEqual({ written: records.length, same: 0, conflicts: [] });
  expect(await allocations(target.ports)).toEqual(await allocations(source));
  expect((await exported(target.store)).records).toEqual((await exported(source.store)).records);
  const commits = target.store.commits.length;
  expect(await importRecords(records, target.store, options)).toEqual({
    written: 0,
    same: records.length,
    conflicts: [],
  });
  expect(target.store.commits.length).toBe(commits);
});

test("imported attachments live on: ADD repeats, DEL frees, reservations hold", async () => {
  const { source, target, records } = await moved();
  const { ports } = target;
  (ports.node as FakeNode).takeIdentityOf(source.node as FakeNode);
  await importRecords(records, target.store, options);
  expect(texts(await add(ports, "c1", { network: dual }))).toEqual(["10.1.0.2/16", "fd00::2/64"]);
  await del(ports, "c1");
  expect([...(await allocations(ports)).keys()]).toEqual(["10.1.0.3", "10.1.9.9", "fd00::3", "fd00::4"]);
  expect(await refusal(() => add(ports, "x", { network: dual, wish: named("10.1.7.7") }))).toStartWith(
    "101 ",
  );
  expect(await refusal(() => add(ports, "x", { network: dual, wish: named("10.1.8.8") }))).toStartWith(
    "101 ",
  );
});

test("ONE-STEP: an attachment comes with all its addresses in one transaction", async () => {
  const { target } = await moved();
  const { ports } = world();
  for (let n = 0; n < 60; n++) await add(ports, `many-${n}`, { network: dual });
  await importRecords(parseDocument(await exported(ports.store), "file"), target.store, options);
  expect(target.store.commits.length).toBeGreaterThan(3);
  for (const { puts } of target.store.commits) {
    expect(puts.length).toBeLessThanOrEqual(51);
    const named = puts.flatMap((put) =>
      put.ref.kind === "attachment" && "addresses" in put.record ? put.record.addresses : [],
    );
    const allocated = puts.filter(({ ref }) => ref.kind === "allocation");
    expect(allocated).toHaveLength(named.length);
  }
});

test("GUARDED: every write compares that nothing is there, and the store's identity", async () => {
  const { target, records } = await moved();
  await importRecords(records, target.store, options);
  for (const { guards, puts } of target.store.commits) {
    for (const { ref } of puts) expect(guards).toContainEqual({ ref, revision: 0 });
    expect(guards.map(({ ref }) => ref.kind)).toContain("meta");
  }
});

test("a new store gets its identity last: with requireInit no ADD comes before all is there", async () => {
  const { target, records } = await moved();
  const refused: string[] = [];
  const commit = target.store.commit.bind(target.store);
  target.store.commit = async (transaction, within) => {
    const strict = { ...dual, requireInit: true };
    const meta = transaction.puts.some(({ ref }) => ref.kind === "meta");
    if (!meta) refused.push(await refusal(() => add(target.ports, "early", { network: strict })));
    return commit(transaction, within);
  };
  await importRecords(records, target.store, options);
  target.store.commit = commit;
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every((text) => text.startsWith("106 the store has not been initialised"))).toBe(true);
  await add(target.ports, "later", { network: { ...dual, requireInit: true } });
});

test("one conflict, and nothing is written", async () => {
  const { target, records } = await moved();
  await add(target.ports, "other", { network: dual });
  const { written, conflicts } = await importRecords(records, target.store, options);
  expect(written).toBe(0);
  expect(conflicts).toEqual([
    "the allocation of 10.1.0.2 in space default exists with different content",
    "the allocation of fd00::2 in space default exists with different content",
  ]);
  expect((await allocations(target.ports)).size).toBe(2);
});

test.each([
  [
    "an imported hold",
    "10.1.0.3",
    { kind: "Note", namespace: "", name: "nas" },
    "address 10.1.0.3 in space default is already reserved for 'nas'",
  ],
  [
    "an imported pod",
    "10.1.9.9",
    { kind: "Job", namespace: "team-b", name: "j" },
    "the reservation of 10.1.9.9 in space default exists with different content",
  ],
])("%s meets a reservation of another", async (_, text, owner, conflict) => {
  const { target, records } = await moved();
  await reserveAddress(parseAddress(text), { ...reserving, owner }, target.ports, options);
  expect((await planImport(records, target.store, options)).conflicts).toContain(conflict);
});

test("an imported reservation meets a holder", async () => {
  const { target, records } = await moved();
  await add(target.ports, "other", { network: dual, wish: named("10.1.7.7") });
  expect((await planImport(records, target.store, options)).conflicts).toContain(
    "address 10.1.7.7 in space default is already held by container other on node node1",
  );
});

test("imported holds meet a reserved range", async () => {
  const { target } = await moved();
  const interval = { first: parseAddress("10.9.0.0"), last: parseAddress("10.9.0.255") };
  await reserveRange(interval, { ...reserving, owner: db }, target.ports, options);
  const records = leases("10.9.0.7");
  expect((await planImport(records, target.store, options)).conflicts).toEqual([
    "address 10.9.0.7 in space default is in the range 10.9.0.0-10.9.0.255, already reserved for StatefulSet team-a/db",
  ]);
});

test("an ADD in the midst of it is never overwritten", async () => {
  const { target, records } = await moved();
  const { ports, store } = target;
  let pending = true;
  const raced: Store = {
    ...store,
    commit: async (transaction, call) => {
      if (pending && transaction.puts.some(({ ref }) => ref.kind === "allocation")) {
        pending = false;
        await add(ports, "quick", { network: dual, wish: named("10.1.0.2") });
      }
      return store.commit(transaction, call);
    },
  };
  const { conflicts } = await importRecords(records, raced, options);
  expect(conflicts).toContain("the allocation of 10.1.0.2 in space default exists with different content");
  expect((await allocations(ports)).get("10.1.0.2")).toEqual(["quick"]);
});

test("RESOLVED: an answer that was lost is read back", async () => {
  const { target, records } = await moved();
  target.store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
  const { conflicts } = await importRecords(records, target.store, options);
  expect(conflicts).toEqual([]);
  expect((await exported(target.store)).records).toHaveLength(records.length);
});

test("K209: an export reads what changed meanwhile again, so that both sides fit", async () => {
  const { ports, store } = await lived();
  let pending = true;
  const raced: Store = {
    ...store,
    list: (scope, call) => {
      if (scope.kind === "attachment" && pending) {
        pending = false;
        return (async function* () {
          await del(ports, "c1");
          await add(ports, "late", { network: dual });
          yield* store.list(scope, call);
        })();
      }
      return store.list(scope, call);
    },
  };
  const { document, unfit } = await exportWhole(raced, options);
  expect(unfit).toBe(0);
  const containers = document.records.flatMap(({ ref }) =>
    ref.kind === "attachment" ? [ref.id.container] : [],
  );
  expect(containers.sort()).toEqual(["c2", "c3", "late"]);
  const holders = document.records.flatMap(({ ref, record }) =>
    ref.kind === "allocation"
      ? (record as AllocationRecord).holders.map((each) => each.attachment.container)
      : [],
  );
  expect([...new Set(holders)].sort()).toEqual(["c2", "c3", "late"]);
});

test("an export leaves out what only this store's nodes need: notices, answers, the state", async () => {
  const { store } = await lived();
  const before = await exported(store);
  const [id, record] = [attachment("gone"), { version: 1, requestId: "r1" }];
  await store.commit(
    {
      guards: [],
      puts: [
        { ref: refTo.released("node1", id), record },
        {
          ref: refTo.meta,
          record: {
            version: 1,
            uuid: before.from.uuid ?? "",
            state: "suspect",
            epoch: 7,
            suspicion: { node: "node1", why: "older", since: "now" },
          },
        },
      ],
      deletes: [],
    },
    options,
  );
  const after = await exported(store);
  expect({ ...after, made: "" }).toEqual({ ...before, made: "" });
  expect(parseDocument(after, "file").length).toBe(after.records.length);
});

test("an index without its allocation is exported, and counted", async () => {
  const { ports, store } = await lived();
  const ref: Ref = { kind: "allocation", space: "default", address: parseAddress("10.1.0.2") };
  await ports.store.commit({ guards: [], puts: [], deletes: [ref] }, options);
  expect((await exportWhole(store, options)).unfit).toBe(1);
});

test.each([
  ["no object", 5, "6 file is not an export of kube-ipam"],
  ["another kind", { kind: "x", version: 1, records: [] }, "6 file is not an export of kube-ipam"],
  [
    "a newer document",
    { kind: "kube-ipam-records", version: 2, records: [] },
    "106 file: the document was written by a newer kube-ipam; upgrade kube-ipam",
  ],
  [
    "a newer record",
    {
      kind: "kube-ipam-records",
      version: 1,
      records: [{ ref: { kind: "network", name: "n" }, record: { version: 2 } }],
    },
    "106 file: records[0]: the record was written by a newer kube-ipam; upgrade kube-ipam",
  ],
  [
    "an address that is none",
    {
      kind: "kube-ipam-records",
      version: 1,
      records: [{ ref: { kind: "reservation", space: "s", address: "10.1.2.300" }, record: { version: 1 } }],
    },
    '6 file: records[0] cannot be read as a record; ref.address: expected an address in canonical text, such as 10.1.2.3 or 2001:db8::5, got "10.1.2.300"',
  ],
  [
    "a kind that every object inherits",
    {
      kind: "kube-ipam-records",
      version: 1,
      records: [{ ref: { kind: "constructor" }, record: { version: 1 } }],
    },
    "6 file: records[0] cannot be read as a record; expected",
  ],
  [
    "a kind that no export holds",
    {
      kind: "kube-ipam-records",
      version: 1,
      records: [
        {
          ref: { kind: "released", node: "n1", id: { network: "net1", container: "c1", ifname: "eth0" } },
          record: { version: 1, requestId: "r1" },
        },
      ],
    },
    '6 file: records[0] cannot be read as a record; expected {"ref": {"kind": …}, "record": …} with one of the kinds network',
  ],
  [
    "a kind that is none",
    { kind: "kube-ipam-records", version: 1, records: [{ ref: { kind: "meta" }, record: { version: 1 } }] },
    '6 file: records[0] cannot be read as a record; expected {"ref": {"kind": …}, "record": …} with one of the kinds network',
  ],
])("%s is refused", async (_, document, expected) => {
  expect(await refusal(() => parseDocument(document, "file"))).toStartWith(expected);
});

test("M7: a record that comes twice is one, with two contents a conflict, and nothing is written", async () => {
  const { target, records } = await moved();
  const twice = { kind: "kube-ipam-records", version: 1, records: [...records, ...records] };
  const parsed = parseDocument(JSON.parse(JSON.stringify(twice)), "file");
  const [a, b] = [leases("10.9.0.7"), leases("10.9.0.7", "fd00:9::7")];
  const other = recordsOfLeases(
    [{ address: parseAddress("10.9.0.7"), container: "other", ifname: "net1", node: "node2" }],
    { source: "host-local", name: "net2", space: "default", ranges: [], since: "" },
  );
  const contradicting = [...parsed, ...a, ...other];
  const twoHolders =
    "the allocation of 10.9.0.7 in space default is imported twice, with different content: for interface eth0 of " +
    "container old in network 'net1' on node node1, and for interface net1 of container other in network 'net2' on node node2";
  expect((await planImport(contradicting, target.store, options)).conflicts).toEqual([twoHolders]);
  expect(await importRecords(contradicting, target.store, options)).toMatchObject({
    written: 0,
    conflicts: [twoHolders],
  });
  expect((await planImport([...a, ...b], target.store, options)).conflicts).toEqual([
    "the attachment old/eth0 of network net1 on node node1 is imported twice, with different content",
  ]);
  expect(target.store.commits).toEqual([]);
  expect(await importRecords(parsed, target.store, options)).toMatchObject({ written: records.length });
});

test("two configurations of one network's name are no conflict: the store knows both", async () => {
  const { target, records } = await moved();
  await add(target.ports, "here", {
    network: network("net1", [{ subnet: "10.77.0.0/24", first: "10.77.0.2", last: "10.77.0.9" }]),
  });
  const elsewhere = { version: 1, space: "vlan20", subnets: ["10.1.0.0/16"] };
  const second = { ref: { kind: "network", name: "net1" }, record: elsewhere } as const;
  const both = [...records, second];
  expect(await importRecords(both, target.store, options)).toMatchObject({
    written: records.length,
    conflicts: [],
  });
  const ref = { kind: "network", name: "net1" } as const;
  const known = (await target.store.read({ refs: [ref] }, options)).get(ref)?.record;
  expect(known && definitionsInForce(known).map(({ space, subnets }) => [space, ...subnets])).toEqual([
    ["default", "10.77.0.0/24"],
    ["default", "10.1.0.0/16", "fd00::/64"],
    ["vlan20", "10.1.0.0/16"],
  ]);
  expect((await planImport(both, target.store, options)).missing).toEqual([]);
});

test("M9: an attachment that is too large for one transaction stops the import before anything is written", async () => {
  const { store } = world();
  const texts = Array.from({ length: 101 }, (_, index) => `10.9.1.${index}`);
  const { written, conflicts } = await importRecords([...leases("10.9.0.7"), ...many(texts)], store, options);
  expect([written, conflicts]).toEqual([
    0,
    [
      "the attachment many/eth0 of network net1 on node node1 has 101 addresses, and one transaction takes 100",
    ],
  ]);
  expect(await importRecords(many(texts.slice(1)), store, options)).toMatchObject({ written: 101 });
});

test("M10: an import that was interrupted is run again, and writes only what is missing", async () => {
  const { target, records } = await moved();
  const commit = target.store.commit.bind(target.store);
  const broken: Store = {
    ...target.store,
    commit: async (transaction, call) => {
      if (transaction.puts.length > 50) throw new Error("killed");
      return commit(transaction, call);
    },
  };
  await expect(importRecords([...records, ...many(texts60())], broken, options)).rejects.toThrow("killed");
  const again = await importRecords([...records, ...many(texts60())], target.store, options);
  expect(again).toEqual({ conflicts: [], written: 61, same: records.length });
  expect((await planImport([...records, ...many(texts60())], target.store, options)).missing).toEqual([]);
});

test("M11: what the store holds already for the same pod or container stays as it is, and needs no second attachment", async () => {
  const { ports, store } = world();
  const pod = { namespace: "default", name: "p", uid: "uid-p" };
  const unlabelled = { ...dual, sets: dual.sets.slice(0, 1) };
  await add(ports, "c1", { network: unlabelled, pod, wish: named("10.1.0.7") });
  const shown = lease({ address: "10.1.0.7", container: "evidence:uid-p:10.1.0.7", pod });
  const second = lease({ address: "10.1.0.8", container: "evidence:uid-p:10.1.0.7", pod });
  const ofOthers = lease({
    address: "10.1.0.7",
    container: "evidence:uid-q:10.1.0.7",
    pod: { ...pod, uid: "uid-q" },
  });
  expect(await importRecords(records(shown), store, options)).toEqual({ written: 0, same: 2, conflicts: [] });
  expect((await importRecords(records(ofOthers), store, options)).conflicts).toEqual([
    "the allocation of 10.1.0.7 in space default exists with different content",
  ]);
  // The same attachment with another address has that one only.
  expect(await importRecords(records(shown, second), store, options)).toEqual({
    written: 2,
    same: 1,
    conflicts: [],
  });
  expect(await importRecords(records(shown, second), store, options)).toEqual({
    written: 0,
    same: 3,
    conflicts: [],
  });
  await expect(exportWhole(store, options)).resolves.toMatchObject({ unfit: 0 });

  // Its pod has ended meanwhile, and whereabouts still has its entry.
  const living = lease({ address: "10.1.0.9", container: "c9", pod });
  await importRecords(records(living), store, options);
  const leftover = lease({ address: "10.1.0.9", container: "c9", ifname: "(10.1.0.9)", node: "(unknown)" });
  expect(await importRecords(records(leftover), store, options)).toEqual({
    written: 0,
    same: 2,
    conflicts: [],
  });
});

function lease({
  address,
  ...more
}: Partial<Omit<ForeignLease, "address">> & { readonly address: string }): ForeignLease {
  return { container: "c", ifname: "eth0", node: "node1", ...more, address: parseAddress(address) };
}

function records(...all: ForeignLease[]): PortableRecord[] {
  return recordsOfLeases(all, {
    source: "whereabouts",
    name: "net1",
    space: "default",
    ranges: [],
    since: "",
  });
}

function texts60(): string[] {
  return Array.from({ length: 60 }, (_, index) => `10.9.1.${index}`);
}

function many(texts: readonly string[]): PortableRecord[] {
  return recordsOfLeases(
    texts.map((text) => ({
      address: parseAddress(text),
      container: "many",
      ifname: "eth0",
      node: "node1",
    })),
    { source: "host-local", name: "net1", space: "default", ranges: [], since: "" },
  );
}

test("another plugin's addresses are held until DEL", async () => {
  const { ports, store } = world();
  const records = leases("10.9.0.7", "fd00:9::7");
  expect(await importRecords(records, store, options)).toEqual({ written: 3, same: 0, conflicts: [] });
  await Bun.sleep(2);
  expect((await importRecords(leases("10.9.0.7", "fd00:9::7"), store, options)).same).toBe(3);
  const old = network("net1", [
    { subnet: "10.9.0.0/16", first: "10.9.0.7", last: "10.9.0.8", gateway: "10.9.0.1" },
  ]);
  expect(texts(await add(ports, "new", { network: old }))).toEqual(["10.9.0.8/16"]);
  expect(texts(await add(ports, "old", { network: old }))).toEqual(["10.9.0.7/16", "fd00:9::7/128"]);
  await del(ports, "old");
  expect([...(await allocations(ports)).keys()]).toEqual(["10.9.0.8"]);
});

test("an imported address has the gateway of the range that gives it out, not of the subnet's first one", () => {
  const subnet = parseCidr("10.9.0.0/16");
  const part = (first: string, last: string, gateway: string) => ({
    subnet,
    dynamic: { first: parseAddress(first), last: parseAddress(last) },
    gateway: parseAddress(gateway),
  });
  const ranges = [part("10.9.0.2", "10.9.0.99", "10.9.0.1"), part("10.9.1.2", "10.9.1.99", "10.9.1.1")];
  const lease = { address: parseAddress("10.9.1.7"), container: "old", ifname: "eth0", node: "node1" };
  const network = { source: "host-local", name: "net1", space: "default", since: "", ranges };
  const records = recordsOfLeases([lease], network);
  expect(records.at(-1)?.record).toMatchObject({ gateways: ["10.9.1.1"], prefixes: [16] });
});

function leases(...addresses: string[]): PortableRecord[] {
  return recordsOfLeases(
    addresses.map((text) => ({
      address: parseAddress(text),
      container: "old",
      ifname: "eth0",
      node: "node1",
    })),
    {
      source: "host-local",
      name: "net1",
      space: "default",
      ranges: [{ subnet: parseCidr("10.9.0.0/16"), gateway: parseAddress("10.9.0.1") }],
      since: new Date().toISOString(),
    },
  );
}

test.each<[string, Ref]>([
  ["attachment", { kind: "attachment", node: "node1", id: attachment("c1") }],
  ["reservation", { kind: "reservation", space: "default", address: parseAddress("10.1.7.7") }],
  ["network", { kind: "network", name: "net1" }],
])("an export fails rather than leave a damaged %s out", async (_, ref) => {
  const { store } = await lived();
  store.damage(ref);
  await expect(exportWhole(store, options)).rejects.toMatchObject({ kind: "damaged" });
});
