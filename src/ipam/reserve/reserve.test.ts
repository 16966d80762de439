import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import type { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import type { Owner, Ref } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put, Transaction } from "../store-port.ts";
import { calledBy } from "../testing/called-by.ts";
import { add, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";
import type { ReservationWish } from "./reservation-request.ts";
import { reserveAddress } from "./reserve.ts";
import { reserveRange, unreserveRange } from "./reserve-range.ts";
import { unreserveAddress } from "./unreserve.ts";

const db: Owner = { kind: "StatefulSet", namespace: "team-a", name: "db" };
const web: Owner = { kind: "Deployment", namespace: "team-b", name: "web" };
const note: Owner = { kind: "Note", namespace: "", name: "printer" };
const pod = (name: string, namespace = "team-a") => ({ namespace, name, uid: `uid-${name}` });
const address = parseAddress;
const options = { deadline: performance.now() + 60_000 };

function wish(owner: Owner, change: Partial<ReservationWish> = {}): ReservationWish {
  return { space: "default", owner, retain: "keep", evenIfHeld: false, requireInit: false, ...change };
}

function world() {
  const made = createWorld();
  const node = made.node("node1");
  return { ...made, node, ports: made.ports(node) };
}

async function read<R extends Ref>(ports: Ports, ref: R) {
  return (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    ({ code, message, details }: IpamError) => `${code} ${message}; ${details}`,
  );
}

const range = (first: string, last: string): Interval => ({ first: address(first), last: address(last) });
const ownerRef = { kind: "owner", space: "default", owner: db } as const;
const rangesRef = { kind: "reservedRanges", space: "default" } as const;

test("a reserved address is never given out dynamically, and its owner gets it", async () => {
  const { ports } = world();
  const network = smallNetwork(3);
  expect(await reserveAddress(address("10.1.2.2"), wish(db), ports, options)).toEqual({
    created: true,
    holders: [],
  });
  expect(texts(await add(ports, "c1", { network, pod: pod("x") }))).toEqual(["10.1.2.3/24"]);
  const of = { ...named("10.1.2.2"), owner: { owner: { ...db, uid: "u1" } } };
  expect(texts(await add(ports, "c2", { network, pod: pod("db-0"), wish: of }))).toEqual(["10.1.2.2/24"]);
  await del(ports, "c2");
  expect(
    (await read(ports, { kind: "reservation", space: "default", address: address("10.1.2.2") }))?.kind,
  ).toBe("operator");
});

test("the owner's sticky pods are given what was reserved for it", async () => {
  const { ports } = world();
  await reserveAddress(address("10.1.2.77"), wish(db), ports, options);
  const of = { sticky: true, owner: { owner: { ...db, uid: "u1" } } };
  expect(texts(await add(ports, "c1", { pod: pod("db-x"), wish: of }))).toEqual(["10.1.2.77/24"]);
});

test("another team is refused although it names the address, even in the owner's namespace", async () => {
  const { ports } = world();
  await reserveAddress(address("10.1.2.9"), wish(db), ports, options);
  for (const namespace of ["team-a", "team-b"]) {
    const of = { ...named("10.1.2.9"), owner: { owner: { ...web, namespace } } };
    expect(await refusal(add(ports, `c-${namespace}`, { pod: pod("w", namespace), wish: of }))).toBe(
      "101 address 10.1.2.9 is reserved for StatefulSet team-a/db; an operator's reservation ends only when an operator ends it; " +
        "choose another address, or end the reservation with 'kube-ipam ip unreserve 10.1.2.9'",
    );
  }
});

test("reserving twice changes nothing; for another owner it is refused", async () => {
  const { ports, store } = world();
  await reserveAddress(address("10.1.2.9"), wish(db), ports, options);
  const commits = store.commits.length;
  expect((await reserveAddress(address("10.1.2.9"), wish(db), ports, options)).created).toBe(false);
  expect(store.commits.length).toBe(commits);
  expect(await refusal(reserveAddress(address("10.1.2.9"), wish(web), ports, options))).toBe(
    "101 address 10.1.2.9 is reserved for StatefulSet team-a/db; end that reservation first: 'kube-ipam ip unreserve 10.1.2.9'",
  );
});

test("an automatic reservation of the same owner becomes the operator's", async () => {
  const { ports } = world();
  await add(ports, "c1", {
    pod: pod("db-0"),
    wish: { ...named("10.1.2.9"), owner: { owner: { ...db, uid: "u" } } },
  });
  expect((await reserveAddress(address("10.1.2.9"), wish(db), ports, options)).created).toBe(true);
  const record = await read(ports, { kind: "reservation", space: "default", address: address("10.1.2.9") });
  expect(record).toMatchObject({ kind: "operator", owner: db, retain: "keep" });
  expect((await read(ports, ownerRef))?.addresses).toEqual(["10.1.2.9"]);
});

test("what another holds is refused, unless the operator says so; the holder keeps it", async () => {
  const { ports } = world();
  await add(ports, "c1", { pod: pod("x", "team-b") });
  expect(await refusal(reserveAddress(address("10.1.2.2"), wish(db), ports, options))).toBe(
    "101 address 10.1.2.2 is held by interface eth0 of container c1 in network 'net1' (pod team-b/x) on node node1; " +
      "reserve another address, stop that container first, or add --even-if-held: the holder then keeps the address until it ends",
  );
  const done = await reserveAddress(address("10.1.2.2"), wish(db, { evenIfHeld: true }), ports, options);
  expect(done.holders.map(({ attachment }) => attachment.container)).toEqual(["c1"]);
  expect(texts(await add(ports, "c1", { pod: pod("x", "team-b") }))).toEqual(["10.1.2.2/24"]);
});

test("a pod of the owner's own namespace may have it already", async () => {
  const { ports } = world();
  await add(ports, "c1", { pod: pod("db-0") });
  expect((await reserveAddress(address("10.1.2.2"), wish(db), ports, options)).created).toBe(true);
});

test("GUARDED: an ADD that takes the address in between is seen", async () => {
  const { ports } = world();
  await add(ports, "c0", { wish: named("10.1.2.200") });
  const network = smallNetwork(2);
  const raced = interrupted(ports, () => add(ports, "c1", { network, pod: pod("x", "team-b") }));
  expect(await refusal(reserveAddress(address("10.1.2.2"), wish(db), raced, options))).toStartWith(
    "101 address 10.1.2.2 is held by interface eth0 of container c1",
  );
  expect(
    await read(ports, { kind: "reservation", space: "default", address: address("10.1.2.2") }),
  ).toBeUndefined();
});

test("RESOLVED: a commit whose answer was lost is read back", async () => {
  const { ports, store } = world();
  store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
  await reserveAddress(address("10.1.2.2"), wish(db), ports, options);
  expect((await read(ports, ownerRef))?.addresses).toEqual(["10.1.2.2"]);
  store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
  expect(await unreserveAddress(address("10.1.2.2"), { space: "default" }, ports, options)).toMatchObject({
    owner: db,
  });
});

test("ONE-STORE: with requireInit no reservation begins a store", async () => {
  const { ports } = world();
  expect(
    await refusal(reserveAddress(address("10.1.2.2"), wish(db, { requireInit: true }), ports, options)),
  ).toBe(
    "106 the store has not been initialised; requireInit is set, so no ADD initialises it: run 'kube-ipam store init' once for this store",
  );
});

test("unreserve ends it and takes it from the owner's record", async () => {
  const { ports } = world();
  await reserveAddress(address("10.1.2.2"), wish(db), ports, options);
  await reserveAddress(address("10.1.2.3"), wish(db), ports, options);
  expect(await unreserveAddress(address("10.1.2.2"), { space: "default" }, ports, options)).toMatchObject({
    owner: db,
  });
  expect((await read(ports, ownerRef))?.addresses).toEqual(["10.1.2.3"]);
  expect(await unreserveAddress(address("10.1.2.2"), { space: "default" }, ports, options)).toBe("absent");
  expect(texts(await add(ports, "c1", { network: smallNetwork(2) }))).toEqual(["10.1.2.2/24"]);
  // A record that holds nothing would stay for ever.
  await unreserveAddress(address("10.1.2.3"), { space: "default" }, ports, options);
  expect(await read(ports, ownerRef)).toBeUndefined();
});

test("a reserved range is one record, and nothing in it is given out", async () => {
  const { ports, store } = world();
  await reserveRange(range("10.1.2.2", "10.1.2.200"), wish(note), ports, options);
  expect(store.commits.at(-1)?.puts.filter(({ ref }) => ref.kind === "reservedRanges")).toHaveLength(1);
  expect(texts(await add(ports, "c1", { network: smallNetwork(201) }))).toEqual(["10.1.2.201/24"]);
  expect(await refusal(add(ports, "c2", { wish: named("10.1.2.5") }))).toStartWith(
    "101 address 10.1.2.5 is reserved for 'printer' (10.1.2.2-10.1.2.200)",
  );
  expect(
    await unreserveRange(range("10.1.2.2", "10.1.2.200"), { space: "default" }, ports, options),
  ).toMatchObject({
    first: "10.1.2.2",
    last: "10.1.2.200",
  });
  expect(await read(ports, rangesRef)).toBeUndefined();
  expect(await unreserveRange(range("10.1.2.2", "10.1.2.200"), { space: "default" }, ports, options)).toBe(
    "absent",
  );
});

test("in a reserved range its owner takes any address, the pod by its name too", async () => {
  const { ports } = world();
  await reserveRange(range("10.1.2.10", "10.1.2.19"), wish(db), ports, options);
  const pods: Owner = { kind: "Pod", namespace: "team-a", name: "lone" };
  await reserveRange(range("10.1.2.20", "10.1.2.29"), wish(pods), ports, options);
  const of = { owner: { owner: { ...db, uid: "u1" } } };
  const [a, b] = [named("10.1.2.12"), named("10.1.2.22")];
  expect(texts(await add(ports, "a", { pod: pod("db-0"), wish: { ...a, ...of } }))).toEqual(["10.1.2.12/24"]);
  expect(texts(await add(ports, "b", { pod: pod("lone"), wish: { ...b, ...of } }))).toEqual(["10.1.2.22/24"]);
  expect(
    await refusal(add(ports, "c", { pod: pod("lonely"), wish: { ...named("10.1.2.23"), ...of } })),
  ).toStartWith("101 ");
});

test("another cluster's workload of that name is not the owner of a reserved range", async () => {
  const { ports } = world();
  const ours: Ports = { ...ports, clusterNames: calledBy("cluster-1") };
  const theirs: Ports = { ...ports, clusterNames: calledBy("cluster-2") };
  await reserveRange(range("10.1.2.10", "10.1.2.19"), wish(db), theirs, options);
  const of = { ...named("10.1.2.12"), owner: { owner: { ...db, uid: "u" } } };
  expect(await refusal(add(ours, "c1", { pod: pod("db-0"), wish: of }))).toStartWith(
    "101 address 10.1.2.12 is reserved for StatefulSet team-a/db (10.1.2.10-10.1.2.19); ",
  );
});

test("what lies behind a large reserved range is found", async () => {
  const { ports } = world();
  const network = smallNetwork(254);
  await reserveRange(range("10.1.2.1", "10.1.2.253"), wish(note), ports, options);
  expect(texts(await add(ports, "c1", { network }))).toEqual(["10.1.2.254/24"]);
  expect(await refusal(add(ports, "c2", { network }))).toStartWith("100 no free address");
});

test("ranges do not overlap; the same one again changes nothing", async () => {
  const { ports } = world();
  await reserveRange(range("10.1.2.10", "10.1.2.20"), wish(note), ports, options);
  expect((await reserveRange(range("10.1.2.10", "10.1.2.20"), wish(note), ports, options)).created).toBe(
    false,
  );
  expect(await refusal(reserveRange(range("10.1.2.20", "10.1.2.30"), wish(note), ports, options))).toBe(
    "101 the range 10.1.2.20-10.1.2.30 overlaps 10.1.2.10-10.1.2.20, which is reserved for 'printer'; " +
      "end that reservation first: 'kube-ipam ip unreserve 10.1.2.10-10.1.2.20'",
  );
  await reserveRange(range("10.1.2.21", "10.1.2.30"), wish(note), ports, options);
  expect((await read(ports, rangesRef))?.ranges).toHaveLength(2);
  expect(await refusal(reserveAddress(address("10.1.2.25"), wish(db), ports, options))).toBe(
    "101 address 10.1.2.25 lies in the range 10.1.2.21-10.1.2.30, reserved for 'printer'; " +
      "end that reservation first: 'kube-ipam ip unreserve 10.1.2.21-10.1.2.30'",
  );
});

test("a range with another owner's address in it is refused, held or reserved", async () => {
  const { ports } = world();
  await add(ports, "c1", { pod: pod("x", "team-b"), wish: named("10.1.2.12") });
  expect(await refusal(reserveRange(range("10.1.2.10", "10.1.2.20"), wish(db), ports, options))).toStartWith(
    "101 address 10.1.2.12 is held by interface eth0 of container c1",
  );
  await reserveAddress(address("10.1.2.30"), wish(web), ports, options);
  expect(await refusal(reserveRange(range("10.1.2.25", "10.1.2.35"), wish(db), ports, options))).toStartWith(
    "101 address 10.1.2.30 is reserved for Deployment team-b/web",
  );
  expect(await read(ports, rangesRef)).toBeUndefined();
});

test("GUARDED: an ADD that takes an address of the range in between ends the range again", async () => {
  const { ports } = world();
  await add(ports, "c0", { wish: named("10.1.2.200") });
  const network = smallNetwork(2);
  const raced = interrupted(ports, () => add(ports, "c1", { network, pod: pod("x", "team-b") }));
  expect(await refusal(reserveRange(range("10.1.2.2", "10.1.2.9"), wish(db), raced, options))).toStartWith(
    "101 address 10.1.2.2 is held by interface eth0 of container c1",
  );
  expect(await read(ports, rangesRef)).toBeUndefined();
});

/** The same ports, where something happens right before the first commit. */
function interrupted(ports: Ports, happening: () => Promise<unknown>): Ports {
  let pending: (() => Promise<unknown>) | undefined = happening;
  const { store } = ports;
  return {
    ...ports,
    store: {
      ...store,
      commit: async (transaction: Transaction, call) => {
        const now = pending;
        pending = undefined;
        await now?.();
        return store.commit(transaction, call);
      },
    },
  };
}

/** Writes one record and nothing else, as nobody does: so that each guard is seen by itself. */
function write(ports: Ports, put: Put): Promise<unknown> {
  return ports.store.commit({ guards: [], puts: [put], deletes: [] }, options);
}

const at = (text: string) => ({ space: "default", address: address(text) }) as const;
const foreign = { version: 1, owner: web, kind: "operator", retain: "keep", since: "" } as const;
const replaced: Put = { ref: refTo.meta, record: { version: 1, uuid: "another", state: "ready" } };
const foreignRange: Put = {
  ref: rangesRef,
  record: { version: 1, ranges: [{ first: "10.1.2.0", last: "10.1.2.99", reservation: foreign }] },
};
const foreignHold: Put = {
  ref: { kind: "allocation", ...at("10.1.2.5") },
  record: {
    version: 1,
    origin: "dynamic",
    since: "",
    holders: [
      {
        attachment: { network: "net1", container: "quick", ifname: "eth0" },
        node: "node9",
        nodeVerified: false,
        bootId: "",
        namespace: { path: "" },
        requestId: "r",
      },
    ],
  },
};
const foreignReservation: Put = { ref: { kind: "reservation", ...at("10.1.2.5") }, record: foreign };

describe("GUARDED: what changed right before the commit is judged", () => {
  test.each([
    ["the store's identity", replaced, "106 the memory store memory is not the one"],
    ["the allocation", foreignHold, "101 address 10.1.2.5 is held by interface eth0 of container quick"],
    ["the reservation", foreignReservation, "101 address 10.1.2.5 is reserved for Deployment team-b/web"],
    ["the reserved ranges", foreignRange, "101 address 10.1.2.5 lies in the range 10.1.2.0-10.1.2.99"],
  ] as const)("reserving an address: %s", async (_, put, words) => {
    const { ports } = world();
    await add(ports, "c1");
    const raced = interrupted(ports, () => write(ports, put));
    expect(await refusal(reserveAddress(address("10.1.2.5"), wish(db), raced, options))).toStartWith(words);
    expect((await read(ports, { kind: "reservation", ...at("10.1.2.5") }))?.owner).not.toEqual(db);
  });

  test("reserving an address: the owner's record", async () => {
    const { ports } = world();
    await add(ports, "c1");
    const put: Put = { ref: ownerRef, record: { version: 1, owner: db, addresses: ["10.1.2.50"] } };
    await reserveAddress(
      address("10.1.2.5"),
      wish(db),
      interrupted(ports, () => write(ports, put)),
      options,
    );
    expect((await read(ports, ownerRef))?.addresses).toEqual(["10.1.2.50", "10.1.2.5"]);
  });

  test.each([
    ["the store's identity", replaced, "106 the memory store memory is not the one"],
    ["other ranges", foreignRange, "101 the range 10.1.2.5-10.1.2.9 overlaps 10.1.2.0-10.1.2.99"],
    ["a holder inside", foreignHold, "101 address 10.1.2.5 is held by interface eth0 of container quick"],
    [
      "a reservation inside",
      foreignReservation,
      "101 address 10.1.2.5 is reserved for Deployment team-b/web",
    ],
  ] as const)("reserving a range: %s", async (_, put, words) => {
    const { ports } = world();
    await add(ports, "c1");
    const raced = interrupted(ports, () => write(ports, put));
    expect(await refusal(reserveRange(range("10.1.2.5", "10.1.2.9"), wish(db), raced, options))).toStartWith(
      words,
    );
    const ranges = (await read(ports, rangesRef))?.ranges ?? [];
    expect(ranges.map(({ first }) => first)).toEqual(put === foreignRange ? ["10.1.2.0"] : []);
  });

  test("ending a range leaves others as they are by then", async () => {
    const { ports } = world();
    const interval = range("10.1.3.0", "10.1.3.9");
    await reserveRange(interval, wish(db), ports, options);
    const other = range("10.1.4.0", "10.1.4.9");
    const raced = interrupted(ports, () => reserveRange(other, wish(web), ports, options));
    await unreserveRange(interval, { space: "default" }, raced, options);
    expect((await read(ports, rangesRef))?.ranges.map(({ first }) => first)).toEqual(["10.1.4.0"]);
  });

  test("ending a reservation tells whose it was in the end", async () => {
    const { ports } = world();
    await reserveAddress(address("10.1.2.5"), wish(db), ports, options);
    const raced = interrupted(ports, () => write(ports, foreignReservation));
    expect(await unreserveAddress(address("10.1.2.5"), { space: "default" }, raced, options)).toMatchObject({
      owner: web,
    });
  });

  test("ending a reservation keeps what its owner got meanwhile", async () => {
    const { ports } = world();
    await reserveAddress(address("10.1.2.5"), wish(db), ports, options);
    const more = () => reserveAddress(address("10.1.2.6"), wish(db), ports, options);
    await unreserveAddress(address("10.1.2.5"), { space: "default" }, interrupted(ports, more), options);
    expect((await read(ports, ownerRef))?.addresses).toEqual(["10.1.2.6"]);
  });
});

test("a range that is refused was never written", async () => {
  const { ports, store } = world();
  await add(ports, "c1");
  await write(ports, foreignHold);
  const commits = store.commits.length;
  expect(await refusal(reserveRange(range("10.1.2.5", "10.1.2.9"), wish(db), ports, options))).toStartWith(
    "101 ",
  );
  expect(store.commits.length).toBe(commits);
});

test("there are at most 256 ranges", async () => {
  const { ports } = world();
  const ranges = Array.from({ length: 256 }, (_, n) => ({
    first: `10.2.${n}.0`,
    last: `10.2.${n}.9`,
    reservation: foreign,
  }));
  await write(ports, { ref: rangesRef, record: { version: 1, ranges } });
  expect(await refusal(reserveRange(range("10.3.0.0", "10.3.0.9"), wish(db), ports, options))).toBe(
    "106 an address space can have at most 256 reserved ranges, because every ADD reads them; reserve fewer, larger ranges",
  );
});

test("ONE-STORE: another store than this node's is refused", async () => {
  const { node, ports } = world();
  await add(ports, "c1");
  node.storeMemory.remember("default", { uuid: "another", prefix: "", revision: 1 });
  expect(await refusal(reserveAddress(address("10.1.2.5"), wish(db), ports, options))).toStartWith(
    "106 the memory store memory is not the one that this node has used for address space 'default'",
  );
});

test("in one namespace only: another namespace's reservation counts as absent", async () => {
  const { ports } = world();
  await reserveAddress(address("10.1.2.2"), wish(db), ports, options);
  await reserveRange(range("10.1.2.10", "10.1.2.20"), wish(db), ports, options);
  const scope = { space: "default", namespace: "team-b" };
  expect(await unreserveAddress(address("10.1.2.2"), scope, ports, options)).toBe("absent");
  expect(await unreserveRange(range("10.1.2.10", "10.1.2.20"), scope, ports, options)).toBe("absent");
  const own = { ...scope, namespace: db.namespace };
  expect(await unreserveAddress(address("10.1.2.2"), own, ports, options)).not.toBe("absent");
  expect(await unreserveRange(range("10.1.2.10", "10.1.2.20"), own, ports, options)).not.toBe("absent");
});
