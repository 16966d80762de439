import { expect, test } from "bun:test";
import { makeMetrics } from "../context/metrics.ts";
import { sweepTask } from "./sweep-task.ts";

const options = () => ({ deadline: performance.now() + 1_000, signal: new AbortController().signal });

test("K318: the leader sweeps a bounded piece about once a minute, and counts it; a store that needs none is asked for nothing", async () => {
  let calls = 0;
  let now = 0;
  const sweep = async () => {
    calls += 1;
    return 2;
  };
  const metrics = makeMetrics();
  const task = sweepTask({ metrics, ports: { store: { sweep } } } as never, undefined, () => now);
  for (let round = 0; round < 3; round++) await task.round(options());
  const once = calls;
  expect(once).toBeGreaterThan(0);
  now = 60_000;
  await task.round(options());
  expect(calls).toBe(2 * once);
  expect((await metrics.swept.get()).values[0]?.value).toBe(4 * once);
  const none = sweepTask({ metrics, ports: { store: {} } } as never, undefined);
  expect(await none.round(options())).toBe("later");
});
