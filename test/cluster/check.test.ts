import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type OperatedCluster, operatedCluster } from "../kit/operators.ts";

/** `kube-ipam check` on the built executable: real API server, real etcd, real namespaces. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`check: ${missing}`, () => {});

/** By pod, its fixed address. */
const FIXED: Readonly<Record<string, string>> = { x: "10.1.2.81", y: "10.1.2.82", z: "10.1.2.83" };

interface Report {
  readonly findings: readonly {
    readonly kind: string;
    readonly reason: string;
    readonly address: string;
    readonly fenced?: boolean;
  }[];
  readonly judged: { readonly allocations: number; readonly pods: number };
}

describe.skipIf(missing !== undefined)("check", () => {
  let cluster: OperatedCluster;
  beforeAll(async () => {
    cluster = await operatedCluster({ subnet: "10.1.2.0/24", coolingSeconds: 0 });
  }, 120_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());
  // Each test leaves a healthy cluster: whatever an earlier one made wrong would be found here.
  beforeEach(async () => {
    for (const node of [cluster.n1, cluster.n2]) await cluster.world.report(node);
    expect(await found()).toEqual([]);
  });

  async function look(...args: string[]) {
    const finished = await cluster.on(cluster.n1, "check", "--settle", "0", "-o", "json", ...args);
    if (finished.stdout === "") throw new Error(finished.stderr);
    return { ...finished, report: JSON.parse(finished.stdout) as Report };
  }

  async function found(...args: string[]): Promise<string[]> {
    const { exitCode, report } = await look(...args);
    expect(exitCode).toBe(report.findings.length > 0 ? 1 : 0);
    return report.findings.map(({ kind, reason, address }) => `${kind} ${reason} ${address}`);
  }

  test("pods that run on both nodes, are deleted and made again: nothing is found", async () => {
    const a = await cluster.run({ name: "a" }, cluster.n1);
    const b = await cluster.run({ name: "b", annotations: { "kube-ipam.ip": "10.1.2.50" } }, cluster.n2);
    const { report } = await look();
    expect(report).toMatchObject({ findings: [], judged: { allocations: 2, pods: 2 } });
    await cluster.end(b.sandbox, cluster.n2);
    const again = await cluster.run({ name: "b", annotations: { "kube-ipam.ip": "10.1.2.50" } }, cluster.n1);
    expect(await found()).toEqual([]);
    await cluster.end(a.sandbox, cluster.n1);
    await cluster.end(again.sandbox, cluster.n1);
  });

  test("leak: force-deleted, until its DEL comes", async () => {
    const { sandbox, address } = await cluster.run({ name: "forced" }, cluster.n2);
    await cluster.world.forget("forced");
    expect(await found()).toEqual([`leak pod-gone ${address}`]);
    await cluster.n2.end(sandbox);
  });

  test("what passes while it settles is not reported", async () => {
    const { sandbox } = await cluster.run({ name: "slow" }, cluster.n2);
    await cluster.world.forget("slow");
    const checking = cluster.on(cluster.n1, "check", "--settle", "30");
    await cluster.n2.end(sandbox);
    const { exitCode, stdout, stderr } = await checking;
    expect([exitCode, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("nothing is wrong");
  });

  test("no false alarm while pods come and go on both nodes", async () => {
    let over = false;
    const lane = async (name: string) => {
      for (let round = 0; !over || round < 3; round++) {
        const node = round % 2 === 0 ? cluster.n1 : cluster.n2;
        const wish = { name, annotations: round % 3 === 0 ? { "kube-ipam.ip": FIXED[name] ?? "" } : {} };
        const { sandbox } = await cluster.run(wish, node);
        // The API forgets some pods before their DEL comes, as after a force delete.
        if (round % 2 === 0) await cluster.world.forget(name);
        await node.end(sandbox);
        if (round % 2 !== 0) await cluster.world.forget(name);
      }
    };
    const lanes = Object.keys(FIXED).map(lane);
    try {
      for (let look = 0; look < 4; look++) {
        const { exitCode, stderr, stdout } = await cluster.on(cluster.n2, "check", "--settle", "30");
        expect([exitCode, stdout]).toEqual([0, ""]);
        expect(stderr).toContain("nothing is wrong");
      }
    } finally {
      over = true;
      await Promise.all(lanes);
    }
  }, 180_000);

  test("leak: replaced, finished, and by the node's own word", async () => {
    const replaced = await cluster.run({ name: "again" }, cluster.n2);
    const job = await cluster.run({ name: "job" }, cluster.n2);
    const dead = await cluster.run({ name: "dead" }, cluster.n1);
    await cluster.world.forget("again");
    const second = await cluster.create({ name: "again" }, cluster.n2);
    await cluster.report("job", { phase: "Succeeded" });
    await cluster.n1.remove(dead.sandbox);
    expect((await found()).toSorted()).toEqual([
      `leak namespace-gone ${dead.address}`,
      `leak pod-finished ${job.address}`,
      `leak pod-replaced ${replaced.address}`,
    ]);
    await cluster.n2.end(replaced.sandbox);
    await cluster.end(second, cluster.n2);
    await cluster.end(job.sandbox, cluster.n2);
    await cluster.n1.del(dead.sandbox);
    await cluster.world.forget("dead");
  });

  test("leak: on a fenced node, which the plugin's verified node name proves", async () => {
    const { address, sandbox } = await cluster.run(
      { name: "lost", annotations: { "kube-ipam.ip": "10.1.2.60" } },
      cluster.n2,
    );
    await cluster.world.report(cluster.n2, { ready: "Unknown", outOfService: true });
    await cluster.world.forget("lost");
    const { report } = await look();
    expect(report.findings).toMatchObject([{ reason: "pod-gone", address, fenced: true }]);
    await cluster.n2.end(sandbox);
  });

  test("duplicate and unknown: what pods show that the store does not hold for them", async () => {
    const { address, sandbox } = await cluster.run({ name: "owner" }, cluster.n1);
    const thief = await cluster.create({ name: "thief" }, cluster.n2);
    await cluster.report("thief", { phase: "Running", podIP: address, podIPs: [{ ip: address }] });
    expect(await found()).toEqual([`duplicate shown-by-two ${address}`]);
    await cluster.report("thief", { phase: "Running", podIP: "10.1.2.99", podIPs: [{ ip: "10.1.2.99" }] });
    expect(await found()).toEqual(["unknown not-held 10.1.2.99"]);
    await cluster.end(sandbox, cluster.n1);
    await cluster.end(thief, cluster.n2);
  });

  test("duplicate: an interface of Multus", async () => {
    const { address, sandbox } = await cluster.run({ name: "owner" }, cluster.n1);
    const status = [{ name: "default/lan", interface: "net1", ips: [address] }];
    const annotations = { "k8s.v1.cni.cncf.io/network-status": JSON.stringify(status) };
    const thief = await cluster.create({ name: "thief", annotations }, cluster.n2);
    expect(await found()).toEqual([`duplicate shown-by-two ${address}`]);
    await cluster.end(thief, cluster.n2);
    await cluster.end(sandbox, cluster.n1);
  });

  test("the node's own kubeconfig may not list: said, with what to do", async () => {
    const { exitCode, stdout, stderr } = await cluster.n1.operate("check");
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("error: Kubernetes does not allow this account to list pods in the cluster");
    expect((await cluster.n1.operate("check", "--store-only")).exitCode).toBe(0);
  });
});
