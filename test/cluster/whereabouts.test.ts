import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import type { Daemon } from "../kit/daemon.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import type { Finished } from "../kit/run.ts";
import { startAgent } from "../kit/subject-agent.ts";
import { kubeIpamExecutable, listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";
import { installWhereabouts, type Whereabouts, withoutWhereabouts } from "../kit/whereabouts.ts";

/** A running cluster goes from the real whereabouts to kube-ipam and back; no pod is restarted. */

const missing = withoutKubernetes() ?? withoutWhereabouts();
if (missing !== undefined) test.skip(`from whereabouts: ${missing}`, () => {});

const RANGE = "10.1.0.0/24";

describe.skipIf(missing !== undefined)("from whereabouts and back", () => {
  let world: PodsOnNodes;
  let one: ClusterNode;
  let two: ClusterNode;
  let whereabouts: Whereabouts;
  let agent: Daemon | undefined;

  beforeAll(async () => {
    world = await podsOnNodes();
    await world.kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    whereabouts = await installWhereabouts(world.kubernetes, RANGE);
    const ipam = { ...world.ipam, subnet: RANGE, coolingSeconds: 0, requireInit: true };
    const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
    one = await world.node("n1", network);
    two = await world.node("n2", network);
  }, 120_000);
  afterAll(async () => {
    await agent?.stop();
    await world?.[Symbol.asyncDispose]();
  });

  async function sandboxOf(name: string, node: ClusterNode, ip?: string): Promise<Sandbox> {
    const annotations = ip === undefined ? {} : { "kube-ipam.ip": ip };
    const wanted = pod({ name, node: node.name, annotations });
    await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", wanted);
    return node.makeSandbox(await world.find(name));
  }

  /** What Multus notes of it once it runs. */
  async function show(name: string, ip: string): Promise<void> {
    const status = JSON.stringify([{ name: "default/net1", interface: "eth0", ips: [ip] }]);
    const change = { metadata: { annotations: { "k8s.v1.cni.cncf.io/network-status": status } } };
    const path = `/api/v1/namespaces/default/pods/${name}`;
    await world.kubernetes.request("PATCH", path, change, "application/merge-patch+json");
  }

  async function oldPod(name: string, node: ClusterNode): Promise<{ sandbox: Sandbox; address: string }> {
    const sandbox = await sandboxOf(name, node);
    const [address = ""] = addressesOf(added(await whereabouts.run("ADD", sandbox)));
    await show(name, address);
    return { sandbox, address };
  }

  async function holders(): Promise<Record<string, string>> {
    const all = await listAllocations(() => openEtcdStore(etcdSettings(world.etcd)));
    return Object.fromEntries(all.map(({ address, container }) => [address, container]));
  }

  function operate(...args: string[]): Promise<Finished> {
    return one.operate(...args, "--kubeconfig", world.kubernetes.adminConfig);
  }

  function importing(...more: string[]): Promise<Finished> {
    return operate("store", "import", "--from", "whereabouts", "-o", "json", ...more);
  }

  test("allocations become attachments, on the nodes of their pods, and live on", async () => {
    const a = await oldPod("a", one);
    const b = await oldPod("b", two);
    const c = await oldPod("c", two);
    const ghost = await oldPod("ghost", two);
    await world.forget("ghost");
    const old = { [a.address]: a, [b.address]: b, [c.address]: c, [ghost.address]: ghost };

    // The networks name kube-ipam now: until the import is through, new pods wait.
    const waiting = await sandboxOf("fresh", one);
    expect(refused(await one.add(waiting)).code).toBe(106);

    // A pod that has not shown yet what it has stops it all.
    const starting = await sandboxOf("starting", one);
    const [early = ""] = addressesOf(added(await whereabouts.run("ADD", starting)));
    const early1 = await importing();
    expect([early1.exitCode, early1.stderr]).toEqual([1, expect.stringContaining("default/starting")]);
    await show("starting", early);

    const dry = await importing("--dry-run");
    expect(JSON.parse(dry.stdout)).toMatchObject({ toWrite: 10, written: 0, conflicts: 0 });
    expect(dry.stderr).toContain(`${ghost.address} of pod default/ghost`);
    const first = await importing();
    expect(JSON.parse(first.stdout)).toMatchObject({ written: 10, conflicts: 0 });
    const expected = Object.fromEntries(
      Object.entries(old).map(([ip, { sandbox }]) => [ip, sandbox.container]),
    );
    expect(await holders()).toEqual({ ...expected, [early]: starting.container });
    expect(JSON.parse((await importing()).stdout)).toMatchObject({ written: 0, alreadyThere: 10 });

    // From a file that kubectl made, without a kubeconfig: the same.
    const kinds = ["ippools", "overlappingrangeipreservations"].map(
      (kind) => `${kind}.whereabouts.cni.cncf.io`,
    );
    const got = await world.kubernetes.kubectl(
      "get",
      "-A",
      "-o",
      "json",
      [...kinds, "pods", "namespaces"].join(),
    );
    const file = world.kubernetes.folder.file("whereabouts.json");
    writeFileSync(file, got);
    const fromFile = await one.operate("store", "import", file, "--from", "whereabouts", "-o", "json");
    expect(JSON.parse(fromFile.stdout)).toMatchObject({ written: 0, alreadyThere: 10, conflicts: 0 });

    // New pods get other addresses, and nobody takes those of old ones.
    const [given = ""] = addressesOf(added(await one.add(waiting)));
    expect(Object.keys(old)).not.toContain(given);
    const thief = await sandboxOf("thief", one, c.address);
    const held = refused(await one.add(thief));
    expect(`${held.code} ${held.msg}`).toBe(
      `11 address ${c.address} is held by the running pod default/c on node n2`,
    );
    await one.end(waiting);

    // Its DEL comes to kube-ipam.
    await two.end(b.sandbox);
    await world.forget("b");
    expect(Object.keys(await holders())).not.toContain(b.address);
    expect((await whereabouts.run("DEL", b.sandbox)).exitCode).toBe(0);

    // Its DEL goes to the old plugin: the agent knew its namespace by then, and sees that it is gone.
    writeNote(c.sandbox);
    writeNote(starting);
    agent = await startNodeAgent("n2");
    const seen = async () => (await one.operate("ip", "show", c.address)).stdout;
    await eventually(async () => (await seen()).includes(c.sandbox.namespace.path) || undefined, 60_000);
    expect((await whereabouts.run("DEL", c.sandbox)).exitCode).toBe(0);
    await two.remove(c.sandbox);
    await eventually(async () => !Object.hasOwn(await holders(), c.address) || undefined, 60_000);
    await world.forget("c");

    // Its DEL had gone to the old plugin before: the runtime has forgotten it, and its pod is gone.
    const late = await oldPod("late", two);
    expect(JSON.parse((await importing()).stdout)).toMatchObject({ written: 2, conflicts: 0 });
    expect((await whereabouts.run("DEL", late.sandbox)).exitCode).toBe(0);
    await two.remove(late.sandbox);
    await world.forget("late");
    await eventually(async () => !Object.hasOwn(await holders(), late.address) || undefined, 60_000);
    expect(Object.keys(await holders()).sort()).toEqual([a.address, ghost.address, early].sort());
  }, 300_000);

  test("the way back: whereabouts knows what kube-ipam gave out", async () => {
    const fresh = await sandboxOf("back", one);
    const [given = ""] = addressesOf(added(await one.add(fresh)));
    await show("back", given);
    const exported = await one.operate("store", "export", "--to", "whereabouts", "--network", "net1");
    expect(exported.exitCode).toBe(0);
    const file = world.kubernetes.folder.file("back.json");
    writeFileSync(file, exported.stdout);
    await world.kubernetes.kubectl("replace", "--force", "-f", file);
    const held = Object.keys(await holders());
    const next = await sandboxOf("next", one);
    const [after = ""] = addressesOf(added(await whereabouts.run("ADD", next)));
    expect(held).not.toContain(after);
    expect((await whereabouts.run("DEL", fresh)).exitCode).toBe(0);
    const pools = await world.kubernetes.kubectl(
      "get",
      "ippools.whereabouts.cni.cncf.io",
      "-A",
      "-o",
      "json",
    );
    expect(pools).not.toContain(fresh.container);
    expect(pools).toContain(next.container);
  }, 120_000);

  const cache = (...names: string[]) => world.kubernetes.folder.file("n2", "cni", ...names);

  /** What Multus notes beside the ADD, until its DEL. */
  function writeNote({ container, namespace }: Sandbox): void {
    mkdirSync(cache("multus", "results"), { recursive: true });
    const cached = {
      kind: "cniCacheV1",
      containerId: container,
      config: Buffer.from(JSON.stringify({ name: "net1", ipam: { type: "whereabouts" } })).toString("base64"),
      ifName: "eth0",
      networkName: "net1",
      result: { cniVersion: "1.0.0", interfaces: [{ name: "eth0", sandbox: namespace.path }] },
    };
    writeFileSync(cache("multus", "results", `net1-${container}-eth0`), JSON.stringify(cached));
  }

  function startNodeAgent(name: string): Promise<Daemon> {
    const own = (...names: string[]) => world.kubernetes.folder.file(name, ...names);
    const { type: _, ...store } = world.ipam;
    const settings = {
      ...store,
      nodeName: name,
      dataDir: own("data"),
      runDir: own("run"),
      logFile: own("kube-ipam.log"),
      cniCacheDir: own("cni"),
    };
    writeFileSync(own("agent.json"), JSON.stringify(settings));
    rmSync(own("agent.sock"), { force: true });
    const env = { KUBE_IPAM_CONFIG: own("agent.json"), KUBE_IPAM_BOOT_ID: two.bootId };
    return startAgent(world.kubernetes.folder, kubeIpamExecutable(), own("agent.sock"), env);
  }
});
