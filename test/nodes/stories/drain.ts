import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { cordon, end, running, statefulSet } from "./workloads.ts";

const APP = "database";
const ADDRESSES = ["10.188.3.10", "10.188.3.11", "10.188.3.12"];

/** A StatefulSet of three moves from one node to the other; each ordinal keeps its address. */
export function drain(stage: () => Stage): void {
  test("a drained StatefulSet has the same addresses on the other node", async () => {
    const { kubernetes, nodes } = stage();
    const [from, to] = nodes;
    {
      await using _elsewhere = await cordon(stage(), to.name);
      await kubernetes.apply(DATABASE);
      const before = await running(stage(), APP, 3);
      expect(before.map(({ address, node }) => ({ address, node }))).toEqual(
        ADDRESSES.map((address) => ({ address, node: from.name })),
      );
    }
    await kubernetes.kubectl("drain", from.name, "--ignore-daemonsets", "--timeout=120s");
    try {
      const after = await running(stage(), APP, 3);
      expect(after.map(({ address, node }) => ({ address, node }))).toEqual(
        ADDRESSES.map((address) => ({ address, node: to.name })),
      );
      await stage().settled();
    } finally {
      await kubernetes.kubectl("uncordon", from.name);
    }
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 300_000);
}

const DATABASE = statefulSet({
  name: APP,
  replicas: 3,
  annotations: { "kube-ipam.ips": "10.188.3.10-10.188.3.12" },
});
