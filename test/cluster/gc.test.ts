import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { customResource } from "../kit/kubernetes-objects.ts";
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

  test("what cannot be looked at keeps its own, and hides nothing else", async () => {
    const { kubernetes } = cluster.world;
    await kubernetes.apply(customResource("example.com", "Database", "v1"));
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
    for (const [apiVersion, kind, ip] of [
      ["example.com/v1", "Database", "10.1.2.80"],
      ["example.com/v1", "Database", "10.1.2.81"],
      ["apps/v1", "DaemonSet", "10.1.2.82"],
      ["apps/v1", "DaemonSet", "10.1.2.83"],
    ] as const) {
      const name = `of-${ip.slice(-2)}`;
      const ownerReferences = [{ apiVersion, kind, name, uid: `gone-${ip}`, controller: true }];
      const wish = { name, annotations: { "kube-ipam.ip": ip }, ownerReferences };
      await cluster.end((await cluster.run(wish, cluster.n1)).sandbox, cluster.n1);
    }
    // The plugin's role does not list nodes, and the operator's no databases.
    const plugin = await cluster.n1.operate("gc", "--dry-run");
    expect(plugin.stdout.split("\n").slice(1).join("\n")).toMatch(/10\.1\.2\.82.*\n.*10\.1\.2\.83.*\n$/);
    expect(plugin.stderr).toContain(
      "2 to be freed: nothing was changed\nerror: Kubernetes does not allow this account to list nodes",
    );
    expect(plugin.exitCode).toBe(1);
    const { exitCode, stderr } = await cluster.on(cluster.n1, "gc");
    const warning =
      "warn: Kubernetes does not allow this account to get databases.example.com in namespace default: kube-ipam keeps what is reserved for owners that it cannot read; ";
    expect(stderr.split(warning)).toHaveLength(2);
    expect(stderr).toContain("deploy/rbac has none for other programs' kinds\n");
    expect(stderr).toEndWith("2 freed, 0 not\n");
    expect(exitCode).toBe(0);
    expect(await gc()).toEqual([]);
  });
});
