import { expect, test } from "bun:test";
import { makeMetrics } from "./metrics.ts";

test("K236: what a store has said counts as long as the agent knows the store", async () => {
  const metrics = makeMetrics();
  const shown = async (name: string) =>
    (await metrics.registry.getSingleMetric(`kube_ipam_agent_store_${name}`)?.get())?.values[0]?.value;
  for (const store of ["a", "b"]) {
    metrics.storeSuspect(store, true);
    metrics.storeConflicts(store, 3);
  }
  expect([await shown("suspect"), await shown("conflicts")]).toEqual([2, 6]);
  metrics.keepStores(new Set(["b", "c"]));
  expect([await shown("suspect"), await shown("conflicts")]).toEqual([1, 3]);
  metrics.keepStores(new Set());
  expect([await shown("suspect"), await shown("conflicts")]).toEqual([0, 0]);
});
