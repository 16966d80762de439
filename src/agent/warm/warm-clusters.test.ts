import { expect, test } from "bun:test";
import { WarmClusters } from "./warm-clusters.ts";

const KEPT = "/etc/kube-ipam/kubeconfig";

test("the agent does not go by the kubeconfig that it keeps for the plugin, but by its pod's account", async () => {
  const clusters = new WarmClusters(() => {}, KEPT);
  const asking = (path: string) => clusters.lend(path, "worker-1").clusterNames(performance.now() + 1_000);
  await expect(asking(KEPT)).rejects.toThrow("this is not a pod with a service account");
  await expect(asking("/no/other")).rejects.toThrow("/no/other");
  clusters.closeAll();
});
