import { expect, test } from "bun:test";
import { liveSandboxes } from "../../kit/nodes/sandboxes.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";
import { cordon, end, running, statefulSet } from "./workloads.ts";

const APP = "rebooted";
const ADDRESSES = ["10.188.15.1", "10.188.15.2"];

/** Of a node that loses its power and comes back nothing is freed meanwhile, and its pods start again. */
export function reboot(stage: () => Stage): void {
  test("a rebooted node's pods start again with their addresses", async () => {
    const { kubernetes, nodes } = stage();
    const [other, node] = nodes;
    {
      await using _closed = await cordon(stage(), other.name);
      const annotations = { "kube-ipam.ips": ADDRESSES.join(",") };
      await kubernetes.apply(statefulSet({ name: APP, replicas: ADDRESSES.length, annotations }));
      await running(stage(), APP, ADDRESSES.length);
    }
    const before = await running(stage(), APP, ADDRESSES.length);
    await node.powerOff();
    await node.powerOn();
    await node.ready();
    // The pods are said to run all the while; their new sandboxes tell when they do.
    await eventually(async () => {
      const back = liveSandboxes(node.machine()).filter(({ uid }) => before.some((pod) => pod.uid === uid));
      return back.length === before.length || undefined;
    }, 120_000);
    await stage().settled();
    expect(await running(stage(), APP, ADDRESSES.length)).toEqual(before);
    expect(before.map(({ address }) => address)).toEqual(ADDRESSES);
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 300_000);
}
