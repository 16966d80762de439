import { afterAll, beforeAll, describe, test } from "bun:test";
import { hurtCharted } from "../kit/nodes/chart.ts";
import { withoutRealNodes } from "../kit/nodes/real-cluster.ts";
import { type Stage, startStage } from "../kit/nodes/stage.ts";
import { installedByChart } from "./stories/chart.ts";
import { crowd } from "./stories/crowd.ts";
import { drain } from "./stories/drain.ts";
import { fencedNode } from "./stories/fenced-node.ts";
import { forceDelete } from "./stories/force-delete.ts";
import { fromAfar } from "./stories/from-afar.ts";
import { killedDaemons } from "./stories/killed-daemons.ts";
import { lostNode } from "./stories/lost-node.ts";
import { newerRuntimeSpeaks } from "./stories/newer-runtime.ts";
import { originalReadme } from "./stories/original-readme.ts";
import { reinstall } from "./stories/reinstall.ts";
import { rollingUpdate } from "./stories/rolling-update.ts";
import { upgrade } from "./stories/upgrade.ts";

/** The promise, kept on a real cluster of two nodes; after each story store, pods and namespaces agree. */

const missing = withoutRealNodes();
if (missing !== undefined) test.skip(`a cluster of two nodes: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("a cluster of two nodes", () => {
  let stage: Stage | undefined;
  const onStage = () => {
    if (stage === undefined) throw new Error("the cluster did not start");
    return stage;
  };
  beforeAll(async () => {
    stage = await startStage({ aggregation: true });
  }, 300_000);
  afterAll(() => stage?.[Symbol.asyncDispose](), 60_000);

  originalReadme(onStage);
  newerRuntimeSpeaks(onStage);
  rollingUpdate(onStage);
  drain(onStage);
  forceDelete(onStage);
  killedDaemons(onStage);
  lostNode(onStage);
  reinstall(onStage);
  upgrade(onStage);
  installedByChart(onStage);
  fromAfar(onStage);
  fencedNode(onStage);
  crowd(onStage, hurtCharted);
});
