import { describe, expect, test } from "bun:test";
import { startApiProxy } from "../kit/api-proxy.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { Traffic } from "../kit/traffic.ts";

/** An API server whose clock is years off, and jumps: it is a program that no library gives another time, so a gateway does. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the API server's clock: ${missing}`, () => {});

const YEAR_MS = 365 * 24 * 3_600_000;
/** "creationTimestamp", and the time in managed fields. */
const TIME = /"(creationTimestamp|deletionTimestamp|time)":"\d{4}-[^"]*"/g;

describe.skipIf(missing !== undefined)("the API server's clock", () => {
  const store = clusterStoreOfFile();

  test("K300: is years off, and jumps with each answer: addresses come, cool down and go as ever", async () => {
    using proxy = startApiProxy(store().kubernetes);
    const now = () => new Date(Date.now() + (Math.random() - 0.5) * 40 * YEAR_MS);
    proxy.answer = async (response, { path }) => {
      const headers = new Headers(response.headers);
      headers.set("Date", now().toUTCString());
      headers.delete("content-length");
      if (path.includes("watch=")) return new Response(response.body, { status: response.status, headers });
      const text = await response.text();
      const shown = text.replaceAll(TIME, (_, key) => `"${key}":"${now().toISOString().slice(0, 19)}Z"`);
      return new Response(shown, { status: response.status, headers });
    };
    await using stack = new AsyncDisposableStack();
    const ipam = { coolingSeconds: 2 };
    const nodes = (["plugin", "agent"] as const).map((through) =>
      stack.use(store().node(through, { kubeConfig: proxy.kubeConfig, through, ipam })),
    );
    await nodes[1]?.startAgent();
    const busy = nodes.map((node) => ({ node, network: "net1", loops: 1 }));
    const traffic = new Traffic(busy, () => store().stored());
    await traffic.after(40);
    expect(await traffic.end()).toEqual([]);
    expect(traffic.refusals).toEqual([]);
  }, 120_000);
});
