import { expect, test } from "bun:test";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { add, allocations, createWorld } from "../testing/world.ts";
import { answerRecovery } from "./answer.ts";
import { beginRecovery, endRecovery } from "./begin.ts";
import { holdOnEvidence } from "./evidence.ts";

const NONE = { cached: async () => [], otherStores: async () => new Set<string>() };
const CLUSTER = "cluster-1";
const soon = () => ({ deadline: performance.now() + 10_000 });

test("K193: a node looks for what a recovery holds by its pods' status until nothing of it is left, and no longer", async () => {
  const world = createWorld();
  const [node, cluster] = [world.node("n1"), new FakeCluster(CLUSTER)];
  const listed: string[] = [];
  const ports = world.ports(node, cluster, CLUSTER);
  const store: typeof ports.store = {
    ...ports.store,
    list: (scope, options) => {
      listed.push(scope.kind);
      return ports.store.list(scope, options);
    },
  };
  await add(ports, "c1");
  const pod = podFacts({ name: "p1", uid: "uid-p1", nodeName: "n1" });
  cluster.addPod(pod);
  const { recovery } = await beginRecovery(ports, soon());
  await holdOnEvidence({ space: "default", address: "10.1.2.99", pod }, [], ports, soon());
  await endRecovery(recovery, ports, soon());
  await answerRecovery(NONE, { ...ports, store }, soon());
  /** A look after a while, as the agent makes them. */
  const lists = async () => {
    node.waitLong();
    listed.length = 0;
    await answerRecovery(NONE, { ...ports, store }, soon());
    return [...listed];
  };
  for (let n = 0; n < 2; n++) expect(await lists()).toEqual(["attachment"]);
  expect(await allocations(ports)).toHaveProperty("size", 2);
  cluster.pods.clear();
  expect(await lists()).toEqual(["attachment"]);
  expect(await allocations(ports)).toHaveProperty("size", 1);
  for (let n = 0; n < 2; n++) expect(await lists()).toEqual([]);
  // Another recovery may hold more.
  const again = await beginRecovery(ports, soon());
  await endRecovery(again.recovery, ports, soon());
  await answerRecovery(NONE, { ...ports, store }, soon());
  expect(await lists()).toEqual(["attachment"]);
  expect(await lists()).toEqual([]);
});
