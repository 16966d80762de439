import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Stage } from "../../kit/nodes/stage.ts";
import { type Finished, run } from "../../kit/run.ts";
import { eventually } from "../../kit/wait.ts";
import { deployment, end, running, statefulSet } from "./workloads.ts";

const APP = "asked";
const ADDRESS = "10.188.12.1";
const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";

/** What people meet who have only a kubeconfig, once the chart is installed: its controller answers them. */
export function fromAfar(stage: () => Stage): void {
  test("kubectl ipam shows, explains and reserves; kubectl apply refuses what cannot be", async () => {
    const { kubernetes } = stage();
    await kubernetes.kubectl(
      ...["wait", "--for=condition=Available", "apiservice/v1.ipam.kube-ipam.io", "--timeout=180s"],
    );
    await kubernetes.apply(statefulSet({ name: APP, replicas: 1, annotations: { "kube-ipam.ip": ADDRESS } }));
    await running(stage(), APP);
    const who = await ipam("who", `default/${APP}-0`);
    expect([who.exitCode, who.stdout]).toEqual([0, expect.stringContaining(ADDRESS)]);
    const why = await ipam("why", `default/${APP}-0`);
    expect([why.exitCode, why.stdout]).toEqual([0, expect.stringContaining(`StatefulSet default/${APP}`)]);

    await kubernetes.kubectl("create", "namespace", "other-team");
    const reserved = await ipam("reserve", "10.188.12.2", "--for", "StatefulSet/other-team/db");
    expect([reserved.exitCode, reserved.stderr]).toEqual([0, ""]);
    expect(await applied({ "kube-ipam.ip": "10.188.12.300" })).toContain("expected an IP address");
    // By the controller, which may have to be known first.
    await eventually(async () => {
      const words = await applied({ "kube-ipam.ip": "10.188.12.2" });
      return words.includes("address 10.188.12.2 is not available to namespace 'default'") ? true : undefined;
    }, 60_000);
    expect(await applied({ "kube-ipam.ip": "10.188.12.3" })).toBe("");

    expect((await ipam("unreserve", "10.188.12.2", "-n", "other-team")).exitCode).toBe(0);
    await kubernetes.kubectl("delete", "namespace", "other-team", "--timeout=120s");
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 400_000);

  const ipam = (...args: string[]): Promise<Finished> =>
    run([EXECUTABLE, "kubectl", ...args, `--kubeconfig=${stage().kubernetes.adminConfig}`]);

  /** What `kubectl apply` says against it; "" where it is taken. */
  async function applied(annotations: Record<string, string>): Promise<string> {
    const { folder, tryKubectl } = stage().kubernetes;
    const path = folder.file("applied.json");
    const strategy = { type: "Recreate" };
    writeFileSync(path, JSON.stringify(deployment({ name: "tried", annotations, spec: { strategy } })));
    const { exitCode, stderr } = await tryKubectl("apply", "--dry-run=server", "-f", path);
    return exitCode === 0 ? "" : stderr;
  }
}
