import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { FakeCluster } from "../../ipam/testing/fake-cluster.ts";
import { nodeFacts } from "../../ipam/testing/hand-over.ts";
import { add, allocations, createWorld } from "../../ipam/testing/world.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import type { ControllerContext } from "../context/context.ts";
import { makeMetrics } from "../context/metrics.ts";
import { fencedTask } from "./fenced-task.ts";
import type { Task } from "./task.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());

let cluster: FakeCluster;
let task: Task;
let now: number;
let held: () => Promise<number>;

/** A pod on node n1 in its boot "boot-1", gone from the API already; the controller has seen the Node. */
beforeEach(async () => {
  const world = createWorld();
  now = 0;
  cluster = new FakeCluster("cluster-1");
  cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1" }));
  await add(world.ports(world.node("n1"), cluster, "cluster-1"), "c1", {
    pod: { namespace: "default", name: "p", uid: "u" },
  });
  const ports = {
    ...world.ports(world.node(""), cluster, "cluster-1"),
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
  held = async () => (await allocations(ports)).size;
  const context = {
    api,
    ports,
    configuration: { coolingSeconds: 0 },
    inventory: {
      nodes: async function* () {
        yield* [...cluster.nodes.values()];
      },
    },
    metrics: makeMetrics(),
    log: () => undefined,
  };
  task = fencedTask(context as unknown as ControllerContext, () => now);
  expect(await round()).toBe("later");
});

const round = (signal = new AbortController().signal) =>
  task.round({ deadline: performance.now() + 5_000, signal });

describe("the task that frees what fenced nodes hold", () => {
  test("what was rebooted is freed only after it was seen so for 30 seconds", async () => {
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-2" }));
    expect(await round()).toBe("soon");
    now = 29_999;
    expect(await round()).toBe("soon");
    expect(await held()).toBe(1);
    now = 30_000;
    expect(await round()).toBe("later");
    expect(await held()).toBe(0);
  });

  test("a Node that shows the old boot again begins the count anew", async () => {
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-2" }));
    await round();
    now = 20_000;
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1" }));
    await round();
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-2" }));
    await round();
    now = 40_000;
    await round();
    expect(await held()).toBe(1);
    now = 50_000;
    await round();
    expect(await held()).toBe(0);
  });

  test("a deleted Node needs no such patience, but the API must have no such pod", async () => {
    cluster.nodes.clear();
    cluster.addPod({ ...POD, uid: "u" });
    expect(await round()).toBe("soon");
    expect(await held()).toBe(1);
    cluster.pods.clear();
    expect(await round()).toBe("later");
    expect(await held()).toBe(0);
  });

  test("a replica that no longer leads frees nothing", async () => {
    cluster.nodes.clear();
    await round(AbortSignal.abort());
    expect(await held()).toBe(1);
  });
});

const POD = {
  namespace: "default",
  name: "p",
  annotations: {},
  labels: {},
  deleting: false,
  finished: false,
  mirror: false,
  ownerReferences: [],
  podIPs: [],
};
