import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../../kit/folder.ts";
import { BUILD, type Build, installBuild } from "../../kit/nodes/own-node.ts";
import type { Stage, StageNode } from "../../kit/nodes/stage.ts";
import { run } from "../../kit/run.ts";
import { recreate, whilst } from "./churn.ts";
import { end, podsOf, running, statefulSet } from "./workloads.ts";

const APP = "upgraded";
const PODS = 12;

/** Another build replaces this one node by node, and is rolled back, while pods come and go. */
export function upgrade(stage: () => Stage): void {
  test("an upgrade and its roll-back under churn: every pod has its address", async () => {
    using folder = temporaryFolder("next");
    const next = await anotherBuild(folder.path);
    await stage().kubernetes.apply(UPGRADED);
    await running(stage(), APP, PODS);
    await whilst(
      (async () => {
        for (const build of [next, BUILD]) for (const node of stage().nodes) await roll(node, build);
      })(),
      (round) => deleteOne(stage(), round),
    );
    const after = await recreate(stage(), APP, await running(stage(), APP, PODS));
    expect(after.map(({ address }) => address)).toEqual(ADDRESSES);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 600_000);
}

const ADDRESSES = Array.from({ length: PODS }, (_, ordinal) => `10.188.8.${ordinal}`);

const UPGRADED = statefulSet({
  name: APP,
  replicas: PODS,
  annotations: { "kube-ipam.ips": `${ADDRESSES[0]}-${ADDRESSES[PODS - 1]}` },
});

/** The same sources with another day on them: `--version` tells the two apart. */
async function anotherBuild(folder: string): Promise<Build> {
  const script = join(import.meta.dir, "../../../scripts/build.sh");
  const { HOME = "/root", PATH = "" } = process.env;
  const built = await run([script, "", folder], { env: { HOME, PATH, SOURCE_DATE_EPOCH: "4102444800" } });
  if (built.exitCode !== 0) throw new Error(`the other build failed: ${built.stderr}${built.stdout}`);
  const next = { executable: join(folder, "kube-ipam"), shim: BUILD.shim };
  const versions = await Promise.all([BUILD, next].map(({ executable }) => run([executable, "--version"])));
  expect(versions[0]?.stdout).not.toBe(versions[1]?.stdout);
  return next;
}

/** As an operator upgrades a node: the files by rename, then the agent. */
async function roll(node: StageNode, build: Build): Promise<void> {
  await installBuild(node.machine(), build);
  await node.agent().stop(40_000);
  await node.startAgent();
  await Bun.sleep(3_000);
}

async function deleteOne(stage: Stage, round: number): Promise<void> {
  const pods = await podsOf(stage, APP);
  const pod = pods[round % Math.max(1, pods.length)];
  if (pod !== undefined) await stage.kubernetes.tryKubectl("delete", "pod", pod.name, "--wait=false");
  await Bun.sleep(300);
}
