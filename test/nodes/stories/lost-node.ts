import { expect, test } from "bun:test";
import type { Stage, StageNode } from "../../kit/nodes/stage.ts";
import { cordon, end, replaced, running, type Seen, statefulSet } from "./workloads.ts";

const APP = "lost";
const ADDRESS = "10.188.6.1";

/** A node loses its power for good. Its addresses are free once it is fenced, and never before: by deleting it, */
export function lostNode(stage: () => Stage): void {
  test("a deleted node's pod is back with its address; the node's return changes nothing", async () => {
    const { kubernetes } = stage();
    const { before, node } = await onSecondNode(stage());
    await node.powerOff();
    await kubernetes.kubectl("delete", "node", node.name);
    await kubernetes.kubectl("delete", "pod", before.name, "--force", "--grace-period=0");
    await movedAndBack(stage(), node, before);
  }, 600_000);
}

/** or by a taint. */
export function taintedNode(stage: () => Stage): void {
  test("the out-of-service taint moves a lost node's pod with its address", async () => {
    const { kubernetes } = stage();
    const { before, node } = await onSecondNode(stage());
    await node.powerOff();
    await notReady(stage(), node);
    await kubernetes.kubectl("taint", "node", node.name, OUT_OF_SERVICE);
    await movedAndBack(stage(), node, before, async () => {
      await kubernetes.kubectl("taint", "node", node.name, `${OUT_OF_SERVICE}-`);
    });
  }, 600_000);
}

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";

async function onSecondNode(stage: Stage): Promise<{ node: StageNode; before: Seen }> {
  const [first, node] = stage.nodes;
  await using _closed = await cordon(stage, first.name);
  await stage.kubernetes.apply(statefulSet({ name: APP, annotations: { "kube-ipam.ip": ADDRESS } }));
  const [before] = await running(stage, APP);
  if (before === undefined) throw new Error("there is no pod");
  expect(before).toMatchObject({ address: ADDRESS, node: node.name });
  return { node, before };
}

/** The pod runs on the other node; then the lost one comes back and tidies up what it finds. */
async function movedAndBack(
  stage: Stage,
  node: StageNode,
  before: Seen,
  atReturn: () => Promise<void> = async () => {},
): Promise<void> {
  const after = await replaced(stage, APP, before);
  expect(after).toMatchObject({ address: ADDRESS, node: stage.other(node.name).name });
  await node.powerOn();
  await atReturn();
  await node.ready();
  await stage.settled();
  expect(await running(stage, APP)).toEqual([after]);
  await end(stage, "statefulset", APP);
  await stage.settled();
}

async function notReady({ kubernetes }: Stage, { name }: StageNode): Promise<void> {
  await kubernetes.kubectl("wait", "--for=condition=Ready=Unknown", `node/${name}`, "--timeout=120s");
}
