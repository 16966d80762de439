import { expect, test } from "bun:test";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { Node } from "../../ipam/node-port.ts";
import type { Store } from "../../ipam/store-port.ts";
import { FakeCluster } from "../../ipam/testing/fake-cluster.ts";
import { createWorld } from "../../ipam/testing/world.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { makeMetrics } from "../events/metrics.ts";
import { observeCluster, observeStore } from "./observe.ts";
import { override } from "./override.ts";
import { writeBehindNode } from "./warm-nodes.ts";
import { WarmStores } from "./warm-stores.ts";

/** A port that has one more optional method than its wrappers know of. */
type Later<T> = T & { later?(): string };

const later = { later: () => "still there" };

/** What each wrapper makes of a port. */
const WRAPPERS: Readonly<Record<string, () => Promise<Later<object>> | Later<object>>> = {
  "a lent store": async () => {
    const store: Later<Store> = Object.assign(createMemoryStore(), later);
    return (await new WarmStores(async () => store).lend(SETTINGS)).store;
  },
  "a timed store": () => {
    const store: Later<Store> = Object.assign(createMemoryStore(), later);
    return observeStore(store, makeMetrics());
  },
  "a timed cluster": () => {
    const cluster: Later<Cluster> = Object.assign(new FakeCluster("u"), later);
    return observeCluster(cluster, makeMetrics());
  },
  "a node that writes later": () => {
    const node: Later<Node> = Object.assign(createWorld().node("n1"), later);
    return writeBehindNode(node).node;
  },
};

const SETTINGS = { kind: "embedded", dataDir: "/nowhere" } as const;

test.each(Object.keys(WRAPPERS))("%s keeps a method that its wrapper does not know", async (name) => {
  const wrapped = await WRAPPERS[name]?.();
  expect(wrapped?.later?.()).toBe("still there");
});

test("a lent store keeps its optional methods, and is closed for its borrower alone", async () => {
  let closed = 0;
  const open = override<Store>(createMemoryStore(), {
    endpoint: () => "https://10.0.0.1:2379",
    close: async () => {
      closed += 1;
    },
  });
  const stores = new WarmStores(async () => open);
  const { store } = await stores.lend(SETTINGS);
  expect(store.endpoint?.()).toBe("https://10.0.0.1:2379");
  await store.close();
  await store.close();
  expect(closed).toBe(0);
  await stores.closeIdle(true);
  expect(closed).toBe(1);
});

interface Numbers {
  readonly count: number;
  next(): number;
  name(): string;
}

class Counter implements Numbers {
  #count = 0;
  get count(): number {
    return this.#count;
  }
  next(): number {
    this.#count += 1;
    return this.#count;
  }
  name(): string {
    return "own";
  }
}

test("an object of a class is overridden: its methods see it, its getters are asked each time", () => {
  const counter: Numbers = new Counter();
  const overridden = override(counter, { name: () => "other" });
  expect([overridden.next(), overridden.next(), overridden.count]).toEqual([1, 2, 2]);
  expect([overridden.name(), counter.name()]).toEqual(["other", "own"]);
  const spread = { ...overridden };
  expect([spread.next(), spread.name()]).toEqual([3, "other"]);
});
