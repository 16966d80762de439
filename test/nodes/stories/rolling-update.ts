import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { deployment, end, running } from "./workloads.ts";

const APP = "rolling";
/** As many as pods at the height of the update: three, and one surge. */
const ADDRESSES = ["10.188.2.1", "10.188.2.2", "10.188.2.3", "10.188.2.4"];

/** A Deployment with a set of addresses goes on through rolling updates that start before they end. */
export function rollingUpdate(stage: () => Stage): void {
  test("rolling updates with maxSurge keep to the workload's set of addresses", async () => {
    const { kubernetes } = stage();
    await kubernetes.apply(ROLLING);
    const before = await running(stage(), APP, 3);
    for (let round = 0; round < 2; round += 1) {
      await kubernetes.kubectl("rollout", "restart", `deployment/${APP}`);
      await kubernetes.kubectl("rollout", "status", `deployment/${APP}`, "--timeout=180s");
      const after = await running(stage(), APP, 3);
      for (const { address } of after) expect(ADDRESSES).toContain(address);
      expect(after.filter(({ uid }) => before.some((pod) => pod.uid === uid))).toEqual([]);
      await stage().settled();
    }
    await end(stage(), "deployment", APP);
    await stage().settled();
  }, 600_000);
}

const ROLLING = deployment({
  name: APP,
  replicas: 3,
  annotations: { "kube-ipam.ips": ADDRESSES.join(",") },
  spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
});
