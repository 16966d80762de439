import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Store } from "../../ipam/store-port.ts";
import { auditedWorld, CLUSTER } from "../../ipam/testing/audited.ts";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { FakeCluster } from "../../ipam/testing/fake-cluster.ts";
import { FakeFollowing } from "../../ipam/testing/fake-following.ts";
import type { ControllerContext } from "../context/context.ts";
import { makeMetrics } from "../context/metrics.ts";
import { Survey } from "../survey/survey.ts";
import { countTask } from "./count-task.ts";
import type { Task } from "./task.ts";

/** The leader's gauges, of a cluster whose pods and nodes the test tells. */

const RANGE = 'space="default",source="network",name="net1",family="4"';

let world: ReturnType<typeof auditedWorld>;
let following: FakeFollowing;
let cluster: FakeCluster;
let context: ControllerContext;
let task: Task;
let ending: AbortController;
let calls: string[];

beforeEach(() => {
  world = auditedWorld();
  following = new FakeFollowing();
  cluster = new FakeCluster(CLUSTER);
  calls = [];
  const store: Store = {
    ...world.store,
    read: (query, options) => {
      calls.push("read");
      return world.store.read(query, options);
    },
    list: (scope, options) => {
      calls.push(`list ${scope.kind}`);
      return world.store.list(scope, options);
    },
  };
  context = {
    ports: { ...world.ports.n1, store, cluster, clusterNames: calledBy(CLUSTER) },
    pools: { inForce: [] },
    following,
    metrics: makeMetrics(),
    log: () => undefined,
  } as unknown as ControllerContext;
  lead();
});
afterEach(() => ending.abort());

/** A term begins. */
function lead(): void {
  ending = new AbortController();
  const survey = new Survey(context);
  void survey.run(ending.signal);
  task = countTask(context, survey);
}

/** The watches tell what there is now. */
async function hear(): Promise<void> {
  cluster.pods.clear();
  for (const pod of world.pods.values()) cluster.addPod(pod);
  following.podFeed.list(world.pods.values());
  following.nodeFeed.list(world.nodeObjects.values());
  for (let tries = 0; tries < 3; tries += 1) await Bun.sleep(1);
}

const round = () => task.round({ deadline: performance.now() + 30_000, signal: ending.signal });

async function gauge(name: string): Promise<number | undefined> {
  const shown = await context.metrics.registry.metrics();
  const line = shown.split("\n").find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

const allocated = () => gauge(`kube_ipam_range_allocated_addresses{${RANGE}}`);
const leaks = () => gauge('kube_ipam_findings{kind="leak"}');

test("K205: a new leader counts ranges before it knows any pod, and findings once it knows all", async () => {
  await world.run("a");
  await world.run("b");
  expect(await round()).toBe("soon");
  expect([await allocated(), await leaks()]).toEqual([2, undefined]);
  world.removePod("b");
  await hear();
  await round();
  expect(await leaks()).toBeUndefined();
  await round();
  expect([await allocated(), await leaks()]).toEqual([2, 1]);
});

test("K205: who no longer leads shows nothing, and leads again from the store", async () => {
  await world.run("a");
  await round();
  ending.abort();
  task.stop?.();
  expect(await allocated()).toBeUndefined();
  await world.run("b");
  lead();
  await round();
  expect(await allocated()).toBe(2);
});

test("K200: in rest a round reads and lists nothing; a change is counted without a list", async () => {
  await world.run("a");
  world.setPod("gone", { podIPs: ["10.1.2.77"] });
  await hear();
  for (let rounds = 0; rounds < 3; rounds += 1) await round();
  expect(await gauge('kube_ipam_findings{kind="unknown"}')).toBe(1);
  const before = calls.length + cluster.calls.length;
  for (let rounds = 0; rounds < 3; rounds += 1) expect(await round()).toBe("later");
  expect(calls.length + cluster.calls.length).toBe(before);
  const lists = calls.filter((call) => call.startsWith("list")).length;
  await world.run("b");
  await hear();
  await round();
  expect(await allocated()).toBe(2);
  expect(calls.filter((call) => call.startsWith("list")).length).toBe(lists);
});
