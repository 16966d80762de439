import { describe, expect, test } from "bun:test";
import type { Cluster } from "../cluster-port.ts";
import type { IpamError } from "../errors.ts";
import type { Network, PoolPolicy } from "../network.ts";
import { add, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";

function pooled(policy: Partial<PoolPolicy>): Network {
  return { ...smallNetwork(), policy: { pool: "db", ...policy } };
}

function world(labels?: Record<string, string>) {
  const made = createWorld();
  const cluster = {
    node: async (name: string) => ({ name, ready: "true", outOfServiceTaint: false, labels: labels ?? {} }),
  } as unknown as Cluster;
  return { ...made, ports: made.ports(made.node("node1"), labels && cluster) };
}

const pod = (name: string, namespace = "team-a") => ({ namespace, name, uid: `uid-${namespace}-${name}` });

async function failureOf(promise: Promise<unknown>): Promise<IpamError> {
  return promise.then(
    () => {
      throw new Error("expected a failure");
    },
    (failure) => failure as IpamError,
  );
}

describe("pools", () => {
  test("namespaces: another team gets nothing, and is told whose pool it is", async () => {
    const { ports } = world();
    const network = pooled({ namespaces: ["team-a"] });
    expect(texts(await add(ports, "c1", { network, pod: pod("a") }))).toHaveLength(1);
    const failure = await failureOf(add(ports, "c2", { network, pod: pod("b", "team-b") }));
    expect(failure.code).toBe(102);
    expect(failure.message).toBe("namespace 'team-b' may not take addresses of pool 'db'");
  });

  test("fixedNamespaces: naming an address is for some, being given one for all", async () => {
    const { ports } = world();
    const network = pooled({ fixedNamespaces: ["team-a"] });
    await add(ports, "c1", { network, pod: pod("b", "team-b") });
    const failure = await failureOf(
      add(ports, "c2", { network, pod: pod("b2", "team-b"), wish: named("10.1.2.9") }),
    );
    expect(failure.message).toBe("namespace 'team-b' may not name addresses of pool 'db'");
  });

  test("nodes: only where the labels say so", async () => {
    const network = pooled({ nodes: { rack: "r1" } });
    await add(world({ rack: "r1" }).ports, "c1", { network });
    const failure = await failureOf(add(world({ rack: "r2" }).ports, "c1", { network }));
    expect(failure.code).toBe(102);
    expect(failure.details).toBe("the pool is for nodes labelled rack=r1");
  });

  test("FAIL-CLOSED: labels that cannot be read are not 'any node'", async () => {
    expect(
      (await failureOf(add(world().ports, "c1", { network: pooled({ nodes: { rack: "r1" } }) }))).code,
    ).toBe(104);
  });

  test("maxPerNamespace: the share is the namespace's, and what was given back does not count", async () => {
    const { ports } = world();
    const network = pooled({ maxPerNamespace: 2 });
    await add(ports, "c1", { network, pod: pod("1") });
    await add(ports, "c2", { network, pod: pod("2") });
    const failure = await failureOf(add(ports, "c3", { network, pod: pod("3") }));
    expect(failure.code).toBe(100);
    expect(failure.message).toBe("namespace 'team-a' already has its 2 addresses of pool 'db'");
    await add(ports, "d1", { network, pod: pod("1", "team-b") });
    await del(ports, "c1");
    await add(ports, "c3", { network, pod: pod("3") });
  });

  test("maxPerNamespace: a reservation counts although its pod is away", async () => {
    const { ports } = world();
    const network = pooled({ maxPerNamespace: 1 });
    const owner = { owner: { kind: "StatefulSet", namespace: "team-a", name: "db" } };
    await add(ports, "c1", { network, pod: pod("db-0"), wish: { ...named("10.1.2.9"), owner } });
    await del(ports, "c1");
    expect((await failureOf(add(ports, "c2", { network, pod: pod("web") }))).code).toBe(100);
    expect(
      texts(await add(ports, "c3", { network, pod: pod("db-0"), wish: { ...named("10.1.2.9"), owner } })),
    ).toEqual(["10.1.2.9/24"]);
  });

  test("maxPerNamespace: twenty ADDs at once do not exceed it", async () => {
    const { ports } = world();
    const network = pooled({ maxPerNamespace: 5 });
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => add(ports, `c${index}`, { network, pod: pod(`p${index}`) })),
    );
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  });
});
