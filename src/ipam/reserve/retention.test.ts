import { beforeEach, describe, expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import type { ClusterPorts } from "../ports.ts";
import type { Owner, ReservationRecord, Retention } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { createWorld } from "../testing/world.ts";
import { RetentionKeeper } from "./retention.ts";

const OWNER: Owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "s1" };
const ADDRESS = parseAddress("10.1.2.9");
const RESERVATION = { kind: "reservation", space: "default", address: ADDRESS } as const;
const OWNER_REF = { kind: "owner", space: "default", owner: OWNER } as const;
const ALLOCATION = { ...RESERVATION, kind: "allocation" } as const;

let cluster: FakeCluster;
let ports: ClusterPorts;
let keeper: RetentionKeeper;
let now: number;

beforeEach(async () => {
  const world = createWorld();
  now = 0;
  cluster = new FakeCluster("cluster-1");
  ports = {
    ...world.ports(world.node(""), cluster, "cluster-1"),
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
  keeper = new RetentionKeeper(ports, 0, () => now);
  await put({ ref: refTo.meta, record: { version: 1, uuid: "store-1", state: "ready" } });
});

const options = () => ({ deadline: performance.now() + 5_000 });

type Puts = Parameters<ClusterPorts["store"]["commit"]>[0]["puts"];

const put = (...puts: Puts) => ports.store.commit({ guards: [], puts, deletes: [] }, options());

/** One reserved address of the owner's, and its record, which lists another one too. */
async function reserve(retain: Retention, change: Partial<ReservationRecord> = {}): Promise<void> {
  const record = {
    version: 1,
    owner: OWNER,
    kind: "automatic",
    retain,
    cluster: "cluster-1",
    since: "",
  } as const;
  await put(
    { ref: RESERVATION, record: { ...record, ...change } },
    { ref: OWNER_REF, record: { version: 1, owner: OWNER, addresses: ["10.1.2.8", "10.1.2.9"] } },
  );
}

async function round(): Promise<string[]> {
  const ended = await keeper.round(options(), new AbortController().signal);
  return ended.map(({ entry, reason }) => `${formatAddress(entry.ref.address)} ${reason}`);
}

async function look() {
  const snapshot = await ports.store.read({ refs: [RESERVATION, OWNER_REF] }, options());
  return { reserved: snapshot.get(RESERVATION) !== undefined, owner: snapshot.get(OWNER_REF)?.record };
}

const holders = { version: 1, holders: [], origin: "fixed", since: "" } as const;

describe("retention", () => {
  test("by default an address stays reserved as long as the workload exists", async () => {
    await reserve("workload");
    cluster.present.add("StatefulSet default/db");
    for (; now < 10_000_000; now += 1_000_000) expect(await round()).toEqual([]);
    cluster.present.clear();
    expect(await round()).toEqual([]);
    expect(await round()).toEqual(["10.1.2.9 owner-gone"]);
    expect(await look()).toMatchObject({ reserved: false, owner: { addresses: ["10.1.2.8"] } });
  });

  test("NO-CLOCKS: a duration is over between two of our own observations", async () => {
    await reserve(60, { since: "2001-01-01T00:00:00Z" });
    expect(await round()).toEqual([]);
    now = 59_999;
    expect(await round()).toEqual([]);
    now = 60_000;
    expect(await round()).toEqual(["10.1.2.9 retention-over"]);
  });

  test("an owner that comes back begins the count anew, as does another process", async () => {
    await reserve(60);
    await round();
    now = 50_000;
    cluster.present.add("StatefulSet default/db");
    await round();
    cluster.present.clear();
    now = 70_000;
    expect(await round()).toEqual([]);
    keeper = new RetentionKeeper(ports, 0, () => now);
    now = 131_000;
    expect(await round()).toEqual([]);
    now = 191_000;
    expect(await round()).toHaveLength(1);
  });

  test("`delete` ends with the pod, whatever its workload does", async () => {
    await reserve("delete");
    cluster.present.add("StatefulSet default/db");
    await put({ ref: ALLOCATION, record: holders });
    for (let rounds = 0; rounds < 3; rounds++) expect(await round()).toEqual([]);
    await ports.store.commit({ guards: [], puts: [], deletes: [ALLOCATION] }, options());
    await round();
    expect(await round()).toEqual(["10.1.2.9 pod-gone"]);
  });

  test.each([
    ["kept for good", "keep", {}],
    ["an operator's", "workload", { kind: "operator" }],
    ["another cluster's", "workload", { cluster: "cluster-2" }],
    ["of an unknown cluster", "workload", { cluster: undefined }],
    ["a newer program's", "workload", { version: 2 }],
  ] as const)("never ends what is %s", async (_, retain, change) => {
    await reserve(retain, change as Partial<ReservationRecord>);
    for (let rounds = 0; rounds < 5; rounds++, now += 10_000_000) expect(await round()).toEqual([]);
    expect((await look()).reserved).toBe(true);
  });

  test("FAIL-CLOSED: an API that does not answer, or refuses, ends nothing", async () => {
    await reserve("workload");
    for (const name of ["tryAgain", "kubernetesRefused"] as const) {
      cluster.failure = new IpamError(name, "no");
      for (let rounds = 0; rounds < 3; rounds++, now += 1_000) expect(await round()).toEqual([]);
    }
    cluster.ownerState = async () => "unknown";
    for (let rounds = 0; rounds < 3; rounds++, now += 1_000) expect(await round()).toEqual([]);
    expect((await look()).reserved).toBe(true);
  });

  test("GUARDED: an address that somebody takes meanwhile stays reserved", async () => {
    await reserve("workload");
    await round();
    const { store } = ports;
    const taken = { ref: ALLOCATION, record: holders };
    ports = {
      ...ports,
      store: {
        ...store,
        read: (query, call) => store.read(query, call),
        list: (scope, call) => store.list(scope, call),
        commit: async (transaction, call) => {
          await store.commit({ guards: [], puts: [taken], deletes: [] }, call);
          return store.commit(transaction, call);
        },
      },
    };
    keeper = new RetentionKeeper(ports, 0, () => now);
    await round();
    expect(await round()).toEqual([]);
    expect((await look()).reserved).toBe(true);
  });

  test("a reservation that was written again begins anew", async () => {
    await reserve("workload");
    await round();
    await reserve("workload");
    expect(await round()).toEqual([]);
    expect(await round()).toHaveLength(1);
  });

  test("a workload made again under its name keeps its own record", async () => {
    await reserve("workload");
    const again = { ...OWNER, uid: "s2" };
    await put({ ref: OWNER_REF, record: { version: 1, owner: again, addresses: ["10.1.2.9"] } });
    await round();
    expect(await round()).toHaveLength(1);
    expect((await look()).owner?.addresses).toEqual(["10.1.2.9"]);
  });

  test("records of owners that are gone and have nothing go too; others stay", async () => {
    const other = { ...OWNER, name: "other" };
    const ref = { ...OWNER_REF, owner: other };
    await put(
      { ref: OWNER_REF, record: { version: 1, owner: OWNER, addresses: [] } },
      { ref, record: { version: 1, owner: other, addresses: [] } },
    );
    cluster.present.add("StatefulSet default/other");
    await round();
    await round();
    const snapshot = await ports.store.read({ refs: [OWNER_REF, ref] }, options());
    expect([snapshot.get(OWNER_REF), snapshot.get(ref)?.record.owner.name]).toEqual([undefined, "other"]);
  });

  test("nothing ends while the store is being recovered", async () => {
    await reserve("workload");
    await put({ ref: refTo.meta, record: { version: 1, uuid: "store-1", state: "recovering" } });
    await round();
    await expect(round()).rejects.toThrow("recover");
    expect((await look()).reserved).toBe(true);
  });
});

test("K238: owners that existed are remembered for their time and no longer", async () => {
  keeper = new RetentionKeeper(ports, 1_000, () => now);
  cluster.present.add("StatefulSet default/db");
  await reserve("workload");
  await round();
  expect(keeper.remembered).toBe(1);
  await ports.store.commit({ guards: [], puts: [], deletes: [RESERVATION, OWNER_REF] }, options());
  now = 1_001;
  await round();
  expect(keeper.remembered).toBe(0);
});
