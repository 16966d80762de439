import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Store } from "../../ipam/store-port.ts";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { FakeCluster } from "../../ipam/testing/fake-cluster.ts";
import { FakeFollowing } from "../../ipam/testing/fake-following.ts";
import { nodeFacts } from "../../ipam/testing/hand-over.ts";
import { add, allocations, createWorld } from "../../ipam/testing/world.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import type { ControllerContext } from "../context/context.ts";
import { makeMetrics } from "../context/metrics.ts";
import { Survey } from "../survey/survey.ts";
import { fencedTask } from "./fenced-task.ts";
import type { Task } from "./task.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());

let cluster: FakeCluster;
let task: Task;
let now: number;
let held: () => Promise<number>;
let following: FakeFollowing;
let ending: AbortController;
let lists: string[];
let store: Store;
let context: object;

/** A pod on node n1 in its boot "boot-1", gone from the API already; the controller has seen the Node. */
beforeEach(async () => {
  const world = createWorld();
  now = 0;
  cluster = new FakeCluster("cluster-1");
  cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1" }));
  await add(world.ports(world.node("n1"), cluster, "cluster-1"), "c1", {
    pod: { namespace: "default", name: "p", uid: "u" },
  });
  following = new FakeFollowing();
  ending = new AbortController();
  lists = [];
  store = {
    ...world.store,
    list: (scope, options) => {
      lists.push(scope.node ?? "all");
      return world.store.list(scope, options);
    },
  };
  const ports = {
    ...world.ports(world.node(""), cluster, "cluster-1"),
    store,
    cluster,
    clusterNames: calledBy("cluster-1"),
  };
  held = async () => (await allocations(ports)).size;
  context = {
    api,
    ports,
    configuration: { coolingSeconds: 0 },
    following,
    metrics: makeMetrics(),
    log: () => undefined,
  };
  const survey = new Survey(context as unknown as ControllerContext);
  void survey.run(ending.signal);
  task = fencedTask(context as unknown as ControllerContext, survey, () => now);
  expect(await round()).toBe("later");
  lists.length = 0;
});
afterEach(() => ending.abort());

const soon = () => ({ deadline: performance.now() + 5_000 });
const attachments = () => Array.fromAsync(store.list({ kind: "attachment" }, soon()));

/** The nodes are what `cluster` says. */
async function round(signal = new AbortController().signal): Promise<"later" | "soon"> {
  following.nodeFeed.list(cluster.nodes.values());
  await Bun.sleep(1);
  return task.round({ deadline: performance.now() + 5_000, signal });
}

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

  test("K202: only nodes that changed are read, and in rest none", async () => {
    for (let rounds = 0; rounds < 3; rounds += 1) expect(await round()).toBe("later");
    expect(lists).toEqual([]);
    cluster.nodes.set("n2", nodeFacts({ name: "n2", bootId: "boot-9" }));
    await round();
    expect(lists).toEqual([]);
    cluster.nodes.set("n1", nodeFacts({ bootId: "boot-2" }));
    await round();
    expect(lists).toEqual(["n1"]);
  });

  test("K202: a new leader reads no node whose Node explains all its boots and whose name is proven", async () => {
    ending.abort();
    ending = new AbortController();
    const survey = new Survey(context as unknown as ControllerContext);
    void survey.run(ending.signal);
    task = fencedTask(context as unknown as ControllerContext, survey, () => now);
    expect(await round()).toBe("later");
    expect([...new Set(lists)]).toEqual(["all"]);
  });

  test("K202: a node's name is proven again when the record that proved it is gone", async () => {
    const [first] = await attachments();
    if (first === undefined) throw new Error("expected an attachment");
    const unproven = { ...first.record, holder: { ...first.record.holder, nodeVerified: false } };
    const ref = { ...first.ref, id: { ...first.ref.id, container: "c2" } };
    await store.commit({ guards: [], puts: [{ ref, record: unproven }], deletes: [] }, soon());
    await round();
    expect((await attachments()).map(({ record }) => record.holder.nodeVerified)).toEqual([true, false]);
    await store.commit({ guards: [], puts: [], deletes: [first.ref] }, soon());
    await round();
    expect((await attachments()).map(({ record }) => record.holder.nodeVerified)).toEqual([true]);
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
