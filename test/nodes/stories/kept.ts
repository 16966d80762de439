import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { BUILD } from "../../kit/nodes/own-node.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { run } from "../../kit/run.ts";
import { deployment, end, eventOf, running, statefulSet } from "./workloads.ts";

const APP = "keeper";
const STRANGER = "stranger";
const ELSEWHERE = "strangers";
const ADDRESS = "10.188.13.2";

/** An address outlives its workload, where that says so, until somebody ends it. */
export function kept(stage: () => Stage): void {
  test("kept for a workload that is deleted, an address waits for it, and for nobody else", async () => {
    const { kubernetes } = stage();
    await kubernetes.kubectl("create", "namespace", ELSEWHERE);
    await kubernetes.apply(KEEPER);
    await running(stage(), APP);
    await end(stage(), "statefulset", APP);
    await stage().settled();
    await strangerIsRefused(stage());
    // Made again under its name it is another object, and the address is its own still.
    await kubernetes.apply(KEEPER);
    const [pod] = await running(stage(), APP);
    expect(pod?.address).toBe(ADDRESS);
    await end(stage(), "statefulset", APP);
    await unreserve(stage());
    await kubernetes.apply(stranger());
    const [other] = await running(stage(), STRANGER);
    expect(other?.address).toBe(ADDRESS);
    await end(stage(), "deployment", STRANGER, ELSEWHERE);
    await kubernetes.kubectl("delete", "namespace", ELSEWHERE, "--timeout=50s");
    await stage().settled();
  }, 400_000);
}

const KEEPER = statefulSet({
  name: APP,
  annotations: { "kube-ipam.ip": ADDRESS, "kube-ipam.retain": "keep" },
});

function stranger(): object {
  const annotations = { "kube-ipam.ip": ADDRESS };
  const spec = { strategy: { type: "Recreate" } };
  return deployment({ name: STRANGER, namespace: ELSEWHERE, annotations, spec });
}

/** Where a controller judges what is applied, already then; else the pod says it. */
async function strangerIsRefused(stage: Stage): Promise<void> {
  const { folder, tryKubectl } = stage.kubernetes;
  const path = folder.file("stranger.json");
  writeFileSync(path, JSON.stringify(stranger()));
  const { exitCode, stderr } = await tryKubectl("apply", "-f", path);
  if (exitCode === 0) await eventOf(stage, `${STRANGER}-`, `address ${ADDRESS} is reserved for StatefulSet`);
  else expect(stderr).toContain(`address ${ADDRESS} is not available to namespace '${ELSEWHERE}'`);
}

/** By whoever may: through the controller, or on a node that no controller looks after. */
async function unreserve({ kubernetes, machines, managed }: Stage): Promise<void> {
  const [machine] = machines();
  const { adminConfig } = kubernetes;
  if (!managed.by.byChart) {
    await machine?.exec("/opt/cni/bin/kube-ipam.full", "ip", "unreserve", ADDRESS);
    return;
  }
  const command = [BUILD.executable, "kubectl", "unreserve", ADDRESS, "-n", "default"];
  const { exitCode, stderr } = await run([...command, `--kubeconfig=${adminConfig}`]);
  expect([exitCode, stderr]).toEqual([0, ""]);
}
