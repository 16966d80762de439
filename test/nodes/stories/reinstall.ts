import { expect, test } from "bun:test";
import { BUILD, installBuild, uninstallBuild } from "../../kit/nodes/own-node.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { end, replaced, running, statefulSet } from "./workloads.ts";

const APP = "patient";
const ADDRESS = "10.188.7.1";

/** The agent and its shim go; what is left works. They come back while pods run. */
export function reinstall(stage: () => Stage): void {
  test("uninstalled, running pods run on and new ones start; installed again, nothing is lost", async () => {
    const { kubernetes, nodes } = stage();
    await kubernetes.apply(statefulSet({ name: APP, annotations: { "kube-ipam.ip": ADDRESS } }));
    const [first] = await running(stage(), APP);
    if (first === undefined) return;
    for (const node of nodes) {
      await uninstallBuild(node.machine());
      await node.agent().stop(40_000);
    }
    expect(await running(stage(), APP)).toEqual([first]);
    await kubernetes.kubectl("delete", "pod", first.name);
    const second = await replaced(stage(), APP, first);
    expect(second.address).toBe(ADDRESS);
    for (const node of nodes) {
      await installBuild(node.machine(), BUILD);
      await node.startAgent();
    }
    expect(await running(stage(), APP)).toEqual([second]);
    await kubernetes.kubectl("delete", "pod", second.name);
    expect((await replaced(stage(), APP, second)).address).toBe(ADDRESS);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 300_000);
}
