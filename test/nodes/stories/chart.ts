import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { recreate } from "./churn.ts";
import { end, running, statefulSet } from "./workloads.ts";

const APP = "charted";
const ADDRESSES = ["10.188.9.1", "10.188.9.2"];

/** What docs/install.md says of the chart, from its first command to the one that takes it away. */
export function installedByChart(stage: () => Stage): void {
  test("helm uninstall, while pods run, and install again", async () => {
    await stage().kubernetes.apply(CHARTED);
    const before = await running(stage(), APP, ADDRESSES.length);
    expect(before.map(({ address }) => address)).toEqual(ADDRESSES);
    const after = await recreate(stage(), APP, before);
    expect(after.map(({ address }) => address)).toEqual(ADDRESSES);
    await stage().settled();

    // Uninstalled, running pods run on; installed again, they come back with their addresses.
    const { by } = stage().managed;
    await by.remove(stage());
    expect(await running(stage(), APP, ADDRESSES.length)).toEqual(after);
    await by.install(stage());
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
