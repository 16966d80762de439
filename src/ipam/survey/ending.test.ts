import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { ClusterPorts } from "../ports.ts";
import type { ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { RetentionKeeper } from "../reserve/retention.ts";
import type { Store } from "../store-port.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { holder } from "../testing/hand-over.ts";
import { createWorld } from "../testing/world.ts";
import { endingIn } from "./ending.ts";
import { StoreIndex } from "./store-index.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });
const owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "u" };

function reservation(change: Partial<ReservationRecord> = {}): ReservationRecord {
  return { version: 1, owner, kind: "automatic", retain: "workload", cluster: "c", since: "", ...change };
}

/** Three reservations that may end, of which one is held; one of an operator; an owner without addresses. */
async function reserved() {
  const world = createWorld();
  const { store } = world;
  const at = (text: string) => refTo.reservation("default", parseAddress(text));
  const allocation = { version: 1, holders: [holder()], origin: "fixed", since: "" } as const;
  const puts = [
    { ref: refTo.meta, record: { version: 1, uuid: "s", state: "ready" as const } },
    { ref: at("10.1.2.2"), record: reservation() },
    { ref: at("10.1.2.3"), record: reservation() },
    { ref: at("10.1.2.4"), record: reservation({ kind: "operator" }) },
    { ref: at("10.1.2.5"), record: reservation({ cluster: "another" }) },
    { ref: at("10.1.2.6"), record: reservation({ retain: "keep" }) },
    { ref: refTo.allocation("default", parseAddress("10.1.2.3")), record: allocation },
    { ref: refTo.owner("default", owner), record: { version: 1, owner, addresses: [] } },
  ];
  await store.commit({ guards: [], puts, deletes: [] }, soon());
  const index = new StoreIndex(calledBy("c"));
  for (const kind of ["allocation", "reservation", "owner"] as const)
    for await (const entry of store.list<"allocation" | "reservation" | "owner">({ kind }, soon()))
      index.put(entry);
  const lists: string[] = [];
  const reads: number[] = [];
  const counted: Store = {
    ...store,
    list: (scope, options) => {
      lists.push(scope.kind);
      return store.list(scope, options);
    },
    read: (query, options) => {
      reads.push(query.refs?.length ?? 0);
      return store.read(query, options);
    },
  };
  const cluster = new FakeCluster("c");
  const ports: ClusterPorts = {
    ...world.ports(world.node("")),
    store: counted,
    cluster,
    clusterNames: calledBy("c"),
  };
  return { cluster, index, lists, ports, reads, store };
}

test("K203: only reservations that may end and that nobody holds are looked at; nothing is listed", async () => {
  const { cluster, index, lists, ports } = await reserved();
  cluster.present.add("StatefulSet default/db");
  const source = endingIn(() => index, ports);
  const found = await Array.fromAsync(source.reservations(soon()));
  expect(found.map(({ ref }) => ref.address)).toEqual([parseAddress("10.1.2.2")]);
  expect((await Array.fromAsync(source.owners(soon()))).map(({ ref }) => ref.owner.name)).toEqual(["db"]);
  expect(lists).toEqual([]);
});

test("K203: where nobody's reservation may end, a round reads nothing", async () => {
  const { ports, reads } = await reserved();
  const keeper = new RetentionKeeper(
    ports,
    0,
    () => 0,
    endingIn(() => new StoreIndex(), ports),
  );
  await keeper.round(soon(), new AbortController().signal);
  expect(reads).toEqual([]);
});

test("K203: what the index shows is a hint: a reservation that is held by now does not end", async () => {
  const { index, ports, store } = await reserved();
  let now = 0;
  const keeper = new RetentionKeeper(
    ports,
    0,
    () => now,
    endingIn(() => index, ports),
  );
  const { signal } = new AbortController();
  const record = { version: 1, holders: [holder()], origin: "fixed", since: "" } as const;
  const ref = refTo.allocation("default", parseAddress("10.1.2.2"));
  await store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, soon());
  for (; now < 3; now += 1) expect(await keeper.round(soon(), signal)).toEqual([]);
  await store.commit({ guards: [], puts: [], deletes: [ref] }, soon());
  await keeper.round(soon(), signal);
  now += 1;
  const ended = await keeper.round(soon(), signal);
  expect(ended.map(({ entry }) => entry.ref.address)).toEqual([parseAddress("10.1.2.2")]);
});
