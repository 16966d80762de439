import { afterAll, beforeAll, describe, test } from "bun:test";
import { bring } from "../kit/nodes/installation.ts";
import { withoutRealNodes } from "../kit/nodes/real-cluster.ts";
import { type Stage, startStage } from "../kit/nodes/stage.ts";
import { INSTALLATIONS, STORIES } from "./stories.ts";

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

  for (const installation of INSTALLATIONS)
    describe(installation.name, () => {
      beforeAll(() => bring(onStage(), installation), 400_000);
      for (const { on, tests } of STORIES) if (on.includes(installation)) tests(onStage);
    });
});
