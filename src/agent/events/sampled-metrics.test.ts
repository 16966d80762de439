import { expect, test } from "bun:test";
import { makeMetrics } from "./metrics.ts";

test("what is sampled is read at each scrape, and 0 before its source is there", async () => {
  const metrics = makeMetrics();
  const shown = async () => lines(await metrics.registry.metrics());
  expect(await shown()).toContain("kube_ipam_agent_kept_releases 0");
  let kept = 3;
  metrics.keptReleases(() => kept);
  metrics.endpointsInUse(async () => [`https://10.0.0.${kept}:2379`]);
  expect(await shown()).toContain("kube_ipam_agent_kept_releases 3");
  kept = 4;
  const then = await shown();
  expect(then).toContain("kube_ipam_agent_kept_releases 4");
  expect(then.filter((line) => line.startsWith("kube_ipam_agent_store_endpoint_in_use"))).toEqual([
    'kube_ipam_agent_store_endpoint_in_use{endpoint="https://10.0.0.4:2379"} 1',
  ]);
});

test("a source that fails leaves its last value and all other metrics", async () => {
  const metrics = makeMetrics();
  let broken = false;
  metrics.handOverWaiting(async () => {
    if (broken) throw new Error("no");
    return 7;
  });
  await metrics.registry.metrics();
  broken = true;
  metrics.handOvers.inc();
  const shown = lines(await metrics.registry.metrics());
  expect(shown).toContain("kube_ipam_agent_handover_waiting_seconds 7");
  expect(shown).toContain("kube_ipam_agent_hand_overs_total 1");
});

function lines(text: string): string[] {
  return text.split("\n");
}
