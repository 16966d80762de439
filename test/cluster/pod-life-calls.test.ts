import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type PodLives, startPodLives } from "../kit/pod-lives.ts";
import { eventually } from "../kit/wait.ts";

/** What a pod's life costs the API server, as its audit log tells it: agent, plugin and controller under their own accounts. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the API calls of a pod's life: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the API calls of a pod's life", () => {
  let lives: PodLives;
  beforeAll(async () => {
    lives = await startPodLives("etcd");
  }, 180_000);
  afterAll(() => lives?.[Symbol.asyncDispose](), 60_000);

  test("I35: a dynamic one asks nothing, a fixed one who its StatefulSet is", async () => {
    const before = lives.mark();
    const dynamic = await lives.make("db-0");
    const fixed = await lives.make("db-1", { "kube-ipam.ips": "10.1.3.0-10.1.3.9" });
    // The agent's watch shows them in this order; of the second one it asks for the owner at once.
    await eventually(async () => lives.ours(before).length > 0 || undefined);
    await lives.live(dynamic);
    expect(await lives.live(fixed)).toBe("10.1.3.1");
    expect(lives.ours(before)).toEqual([{ caller: "agent", call: "get statefulsets.apps", count: 1 }]);
  }, 60_000);

  test("I35: ten of one set that come together ask once or twice, not ten times", async () => {
    const before = lives.mark();
    const annotations = { "kube-ipam.ips": "10.1.3.0-10.1.3.99" };
    const pods = await Promise.all(
      Array.from({ length: 10 }, (_, n) => lives.make(`db-${n + 20}`, annotations)),
    );
    await eventually(async () => lives.ours(before).length > 0 || undefined);
    const given = await Promise.all(pods.map(lives.live));
    expect(given).toEqual(pods.map((_, n) => `10.1.3.${n + 20}`));
    const [first, ...others] = lives.ours(before);
    expect([first?.caller, first?.call, others]).toEqual(["agent", "get statefulsets.apps", []]);
    expect(first?.count).toBeLessThan(pods.length);
  }, 60_000);
});
