import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { newerRuntime } from "../../kit/nodes/newer-runtime.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";
import { cordon, end, running, statefulSet } from "./workloads.ts";

const APP = "newer";

/** containerd 2.x speaks CNI 1.1.0: it asks for STATUS, of which older runtimes know nothing. */
export function newerRuntimeSpeaks(stage: () => Stage): void {
  test.skipIf(newerRuntime() === undefined)(
    "containerd 2.x asks for STATUS and gives pods their addresses",
    async () => {
      const [older, newer] = stage().nodes;
      await using _closed = await cordon(stage(), older.name);
      await stage().kubernetes.apply(
        statefulSet({ name: APP, annotations: { "kube-ipam.ip": "10.188.10.1" } }),
      );
      const [pod] = await running(stage(), APP);
      expect(pod).toMatchObject({ node: newer.name, address: "10.188.10.1" });
      const log = () =>
        readFileSync(
          newer.machine().path("var/log", stage().managed.by.byChart ? "kube-ipam" : "", "kube-ipam.log"),
          "utf8",
        );
      await eventually(async () => / INFO STATUS .*network=lan/.test(log()) || undefined, 60_000);
      expect(log()).toMatch(/ INFO ADD .*10\.188\.10\.1/);
      await end(stage(), "statefulset", APP);
      await stage().settled();
    },
    180_000,
  );
}
