import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { deployment, end, eventOf, running, statefulSet } from "./workloads.ts";

const APP = "second";
const ADDRESS = "10.188.13.1";

/** Nobody else gets an address that a pod holds. */
export function refused(stage: () => Stage): void {
  test("a second workload is refused with the reason in its events, and has the address when it is free", async () => {
    const { kubernetes } = stage();
    await kubernetes.apply(statefulSet({ name: "first", annotations: { "kube-ipam.ip": ADDRESS } }));
    await running(stage(), "first");
    await kubernetes.apply(
      deployment({
        name: APP,
        annotations: { "kube-ipam.ip": ADDRESS },
        spec: { strategy: { type: "Recreate" } },
      }),
    );
    await eventOf(stage(), `${APP}-`, `address ${ADDRESS} is held by the running pod default/first-0`);
    await stage().settled();
    await end(stage(), "statefulset", "first");
    const [pod] = await running(stage(), APP);
    expect(pod?.address).toBe(ADDRESS);
    await end(stage(), "deployment", APP);
    await stage().settled();
  }, 400_000);
}
