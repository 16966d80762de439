import { expect, test } from "bun:test";
import type { Stage, StageNode } from "../../kit/nodes/stage.ts";
import { cordon, end, running, statefulSet } from "./workloads.ts";

const APP = "survivors";
const PODS = 6;
const RANGE = "10.188.5.0-10.188.5.5";

/** Kubelet and containerd are killed, while pods run, and while pods come and go. */
export function killedDaemons(stage: () => Stage): void {
  test("kill -9 of kubelet and containerd: pods keep their addresses, and nothing leaks", async () => {
    const { kubernetes } = stage();
    await kubernetes.apply(survivors());
    const before = await running(stage(), APP, PODS);
    for (const node of stage().nodes) await kill(node);
    for (const node of stage().nodes) await revive(node);
    expect(await running(stage(), APP, PODS)).toEqual(before);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 300_000);

  test("kill -9 in the middle of starting and of ending pods", async () => {
    const { kubernetes, nodes } = stage();
    const [node] = nodes;
    await using _closed = await cordon(stage(), stage().other(node.name).name);
    await kubernetes.apply(survivors());
    await kill(node);
    await revive(node);
    const before = await running(stage(), APP, PODS);
    expect(before.map(({ address }) => address)).toEqual(ADDRESSES);
    await kubernetes.kubectl("delete", "pods", "-l", `app=${APP}`, "--wait=false");
    await kill(node);
    await revive(node);
    const after = await running(stage(), APP, PODS);
    expect(after.map(({ address }) => address)).toEqual(ADDRESSES);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 600_000);
}

const ADDRESSES = Array.from({ length: PODS }, (_, ordinal) => `10.188.5.${ordinal}`);

function survivors(): object {
  return statefulSet({ name: APP, replicas: PODS, annotations: { "kube-ipam.ips": RANGE } });
}

async function kill(node: StageNode): Promise<void> {
  for (const daemon of [node.kubelet(), node.runtime()]) {
    daemon.signal("SIGKILL");
    await daemon.stop();
  }
}

async function revive(node: StageNode): Promise<void> {
  await node.startRuntime();
  node.startKubelet();
}
