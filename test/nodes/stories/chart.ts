import { expect, test } from "bun:test";
import { forgetRole } from "../../kit/kubernetes-role.ts";
import { installChart, uninstallChart } from "../../kit/nodes/chart.ts";
import type { Machine } from "../../kit/nodes/machine.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { recreate } from "./churn.ts";
import { end, running, statefulSet } from "./workloads.ts";

const APP = "charted";
const ADDRESSES = ["10.188.9.1", "10.188.9.2"];

/** From here on it is what docs/install.md says that serves the nodes, and nothing else. */
export function installedByChart(stage: () => Stage): void {
  test("helm install from the image's archive, uninstall, and install again", async () => {
    for (const node of stage().nodes) {
      await node.agent().stop(40_000);
      await makeBare(node.machine());
    }
    await forgetRole(stage().kubernetes);
    // Bare nodes become ready by it, and pods have their addresses.
    await installChart(stage());
    for (const node of stage().nodes) await node.ready();
    await stage().kubernetes.apply(CHARTED);
    const before = await running(stage(), APP, ADDRESSES.length);
    expect(before.map(({ address }) => address)).toEqual(ADDRESSES);
    const after = await recreate(stage(), APP, before);
    expect(after.map(({ address }) => address)).toEqual(ADDRESSES);
    await stage().settled();

    // Uninstalled, running pods run on; installed again, they come back with their addresses.
    await uninstallChart(stage());
    expect(await running(stage(), APP, ADDRESSES.length)).toEqual(after);
    await installChart(stage());
    expect(await running(stage(), APP, ADDRESSES.length)).toEqual(after);
    const again = await recreate(stage(), APP, after);
    expect(again.map(({ address }) => address)).toEqual(ADDRESSES);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 600_000);
}

const CHARTED = statefulSet({
  name: APP,
  replicas: ADDRESSES.length,
  annotations: { "kube-ipam.ips": ADDRESSES.join(",") },
});

async function makeBare(machine: Machine): Promise<void> {
  const remains = "/opt/cni/bin/kube-ipam* /etc/kube-ipam /etc/cni/net.d/*";
  await machine.exec("sh", "-c", `rm -rf ${remains}`);
}
