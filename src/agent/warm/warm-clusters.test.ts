import { expect, test } from "bun:test";
import { startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import { WarmClusters } from "./warm-clusters.ts";

const KEPT = "/etc/kube-ipam/kubeconfig";

test("the agent does not go by the kubeconfig that it keeps for the plugin, but by its pod's account", async () => {
  const clusters = new WarmClusters(() => {}, KEPT);
  const asking = (path: string) => clusters.lend(path, "worker-1").clusterNames(performance.now() + 1_000);
  await expect(asking(KEPT)).rejects.toThrow("this is not a pod with a service account");
  await expect(asking("/no/other")).rejects.toThrow("/no/other");
  clusters.closeAll();
});

test("K236: of too many clusters that watches no more which was lent longest ago; a verb that has it still asks", async () => {
  const api = startFakeApi();
  try {
    const watching = new Set<string>();
    const list = { metadata: { resourceVersion: "1" }, items: [] };
    api.answers.set("/api/v1/pods", (request: Request) => {
      if (!request.url.includes("watch=1")) return list;
      const who = request.headers.get("Authorization") ?? "";
      watching.add(who);
      request.signal.addEventListener("abort", () => watching.delete(who));
      return new Response(new ReadableStream({ start: () => undefined }));
    });
    const clusters = new WarmClusters(() => {}, undefined, undefined, 2);
    const paths = ["a", "b", "c"].map((token) => api.kubeConfig({ token }));
    const lent = paths.map((path) => clusters.lend(path, "n1"));
    const ask = (index: number) =>
      lent[index]?.pod({ namespace: "default", name: "p", uid: "u" }, performance.now() + 5_000);
    for (const index of [0, 1, 2]) expect(await ask(index)).toBeUndefined();
    while (watching.size !== 2 || watching.has("Bearer a")) await Bun.sleep(1);
    expect(await ask(0)).toBeUndefined();
    expect(clusters.lend(paths[1], "n1")).toBe(lent[1] as never);
    expect(clusters.lend(paths[0], "n1")).not.toBe(lent[0] as never);
    expect(clusters.lend(paths[2], "n1")).not.toBe(lent[2] as never);
    clusters.closeAll();
    while (watching.size > 0) await Bun.sleep(1);
  } finally {
    api.close();
  }
});
