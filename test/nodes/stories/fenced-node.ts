import { expect, test } from "bun:test";
import { rolledOut } from "../../kit/nodes/chart.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { cordon, end, running, statefulSet } from "./workloads.ts";

const APP = "fenced";
const PODS = 3;

/** Where a controller runs, what a lost node held becomes free without anybody asking for it. */
export function fencedNode(stage: () => Stage): void {
  test("the controller frees what a deleted node's pods held", async () => {
    const { kubernetes } = stage();
    // The leader is lost with its node; the next one has never seen that node.
    const lost = stage().node(await leader(stage()));
    {
      await using _closed = await cordon(stage(), stage().other(lost.name).name);
      await kubernetes.apply(statefulSet({ name: APP, replicas: PODS }));
      const pods = await running(stage(), APP, PODS);
      expect(pods.map(({ node }) => node)).toEqual(pods.map(() => lost.name));
    }
    await lost.powerOff();
    await kubernetes.kubectl("delete", "node", lost.name);
    await kubernetes.kubectl("delete", "statefulset", APP, "--cascade=orphan");
    await kubernetes.kubectl("delete", "pods", "-l", `app=${APP}`, "--force", "--grace-period=0");
    // Nobody asks for these addresses again, and their node is off: only the controller can free them.
    await stage().settled();
    await lost.powerOn();
    await lost.ready();
    await rolledOut(stage());
    await kubernetes.apply(statefulSet({ name: APP, replicas: PODS }));
    await running(stage(), APP, PODS);
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 900_000);
}

/** The node on which the controller runs that leads. */
async function leader({ kubernetes }: Stage): Promise<string> {
  const held = ["get", "lease", "kube-ipam-controller", "-o", "jsonpath={.spec.holderIdentity}"];
  return (await kubernetes.kubectl("-n", "kube-ipam", ...held)).split("_")[0] ?? "";
}
