import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type OperatedCluster, operatedCluster } from "../kit/operators.ts";

/** `kube-ipam gc` on the built executable: what fenced nodes hold, by a real API server's word. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`gc: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("gc", () => {
  let cluster: OperatedCluster;
  beforeAll(async () => {
    cluster = await operatedCluster({ subnet: "10.1.2.0/24", coolingSeconds: 0 });
  }, 120_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  async function gc(...args: string[]): Promise<string[]> {
    const { exitCode, stdout, stderr } = await cluster.on(cluster.n1, "gc", "-o", "json", ...args);
    if (exitCode !== 0) throw new Error(stderr);
    const { items } = JSON.parse(stdout) as {
      items: { result: string; addresses: string[]; because: string }[];
    };
    return items.map(({ result, addresses, because }) => `${addresses.join()} ${result}: ${because}`);
  }

  test("a pod that is gone from a living node is that node's to free", async () => {
    const { sandbox } = await cluster.run({ name: "a" }, cluster.n2);
    await cluster.world.forget("a");
    expect(await gc()).toEqual([]);
    await cluster.n2.end(sandbox);
  });

  test("what a fenced node holds, once its pod is gone; then check finds nothing", async () => {
    const annotations = { "kube-ipam.ip": "10.1.2.70" };
    const { sandbox } = await cluster.run({ name: "b", annotations }, cluster.n2);
    await cluster.world.report(cluster.n2, { ready: "Unknown", outOfService: true });
    expect(await gc("--dry-run")).toEqual([]);
    await cluster.world.forget("b");
    expect(await gc("--dry-run")).toEqual(["10.1.2.70 would be freed: its node is tainted out-of-service"]);
    expect(await gc()).toEqual(["10.1.2.70 freed: its node is tainted out-of-service"]);
    expect(await gc("--dry-run")).toEqual(["10.1.2.70 would be freed: its owner is gone"]);
    expect(await gc()).toEqual(["10.1.2.70 freed: its owner is gone"]);
    expect((await cluster.on(cluster.n1, "check", "--settle", "0")).exitCode).toBe(0);
    // The node comes back, and its late DEL has nothing left to free.
    await cluster.world.report(cluster.n2);
    await cluster.n2.end(sandbox);
  });
});
