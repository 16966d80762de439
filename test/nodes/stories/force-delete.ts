import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { cordon, end, replaced, running, statefulSet } from "./workloads.ts";

const APP = "forced";
const ADDRESS = "10.188.4.1";

/**
 * A forced deletion takes the pod out of Kubernetes while it still runs: EVIDENCE is the node's DEL, not
 * the API server's word.
 */
export function forceDelete(stage: () => Stage): void {
  test("a pod deleted by force has its address elsewhere only after the old one has ended", async () => {
    const { kubernetes } = stage();
    await kubernetes.apply(statefulSet({ name: APP, annotations: { "kube-ipam.ip": ADDRESS } }));
    let [pod] = await running(stage(), APP);
    for (let round = 0; round < 2 && pod !== undefined; round += 1) {
      const before = pod;
      await using _closed = await cordon(stage(), before.node);
      await kubernetes.kubectl("delete", "pod", before.name, "--force", "--grace-period=0");
      pod = await replaced(stage(), APP, before);
      expect(pod).toMatchObject({ address: ADDRESS, node: stage().other(before.node).name });
      await stage().settled();
    }
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 300_000);
}
