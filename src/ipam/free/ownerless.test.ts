import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { Owner } from "../records.ts";
import type { Query, Store } from "../store-port.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { createWorld } from "../testing/world.ts";
import { ownerless } from "./ownerless.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });

test("K210: many reservations of few owners: few reads, and each owner is asked for once", async () => {
  const world = createWorld();
  const base = world.ports(world.node("n1"));
  for (let n = 0; n < 250; n++) {
    const owner: Owner = { kind: "StatefulSet", namespace: "team", name: `db-${n % 5}`, uid: `u${n % 5}` };
    const ref = { kind: "reservation", space: "default", address: parseAddress(`10.1.0.${n}`) } as const;
    const record = {
      version: 1,
      owner,
      kind: "automatic",
      retain: "workload",
      since: "",
      cluster: "c",
    } as const;
    await base.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, soon());
  }
  let reads = 0;
  const store: Store = {
    ...base.store,
    read: (query: Query, options) => {
      reads += 1;
      return base.store.read(query, options);
    },
  };
  const asked: string[] = [];
  const cluster = Object.assign(new FakeCluster(), {
    ownerState: async ({ name }: Owner) => {
      asked.push(name);
      return name === "db-1" ? ("gone" as const) : ("present" as const);
    },
  });
  const ports = { ...base, store, cluster, clusterNames: calledBy("c") };
  const found = await Array.fromAsync(ownerless(ports, soon()));
  expect(found).toHaveLength(50);
  expect(found[0]).toMatchObject({ addresses: ["10.1.0.1"], owner: { name: "db-1" } });
  expect([reads, asked.sort()]).toEqual([3, ["db-0", "db-1", "db-2", "db-3", "db-4"]]);
});
