import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { added, addressesOf, invoke, refused, silent } from "../kit/cni.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { agentToken, pluginToken } from "../kit/kubernetes-role.ts";
import { CLUSTER_STORE } from "../kit/pods-on-nodes.ts";
import { applyPool, installPools } from "../kit/pool-resources.ts";
import { installStoreOfOneToken } from "../kit/store-resources.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** Nodes that use pools of a real API server. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`pools of the cluster: ${missing}`, () => {});

const NETWORK = { cniVersion: "1.1.0", name: "net1", type: "macvlan" };
const STORE = CLUSTER_STORE === "kubernetes" ? { store: "kubernetes" } : { nodeLocal: true };
const using = (pool: string) => ({ ...NETWORK, ipam: { type: "kube-ipam", pool } });

describe.skipIf(missing !== undefined)("pools of the cluster", () => {
  let kubernetes: Kubernetes;
  let agentConfig: string;
  let pluginConfig: string;
  const nodes = new AsyncDisposableStack();

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installPools(kubernetes);
    // store: CLUSTER_STORE
    if (CLUSTER_STORE === "kubernetes") await installStoreOfOneToken(kubernetes);
    agentConfig = kubernetes.kubeConfig({ token: await agentToken(kubernetes) });
    pluginConfig = kubernetes.kubeConfig({ token: await pluginToken(kubernetes) });
  }, 120_000);
  afterAll(async () => {
    await nodes.disposeAsync();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  const node = (
    name: string,
    network: Record<string, unknown>,
    kubeConfig: string,
    through: "plugin" | "agent",
  ) => nodes.use(new AgentNode(name, kubernetes.folder, { kubeConfig, ...STORE }, network, through));

  test("K278: an agent follows a pool that changes; pods that run keep what they have", async () => {
    await applyPool(kubernetes, "moving", { subnets: ["10.11.0.0/24"], addressSpace: "wire-m" });
    const one = node("agent-1", using("moving"), agentConfig, "agent");
    await one.startAgent();
    const first = await eventually(async () => {
      const finished = await one.tryAdd("first");
      return finished.exitCode === 0 ? added(finished) : undefined;
    });
    expect(addressesOf(first)[0]).toStartWith("10.11.0.");
    await applyPool(kubernetes, "moving", { subnets: ["10.12.0.0/24"] });
    let count = 0;
    await eventually(
      async () => addressesOf(await one.add(`later-${count++}`))[0]?.startsWith("10.12.0.") || undefined,
    );
    expect(addressesOf(await one.add("first"))).toEqual(addressesOf(first));
    const netns = (await one.namespaceOf("first")).path;
    const call = { container: "first", netns, ifname: "eth0", args: "", path: "/opt/cni/bin" };
    const checked = { ...using("moving"), prevResult: first };
    // The plugin alone asks nobody for it.
    const env = { KUBE_IPAM_CONFIG: one.configPath };
    silent(await invoke(kubeIpamExecutable(), "CHECK", call, checked, { env }));
    silent(await one.tryDel("first"));
    await kubernetes.kubectl("delete", "pools.kube-ipam.io", "moving");
    const refusal = await eventually(async () => {
      const finished = await one.tryAdd(`gone-${count++}`);
      return finished.exitCode === 0 ? undefined : refused(finished);
    });
    expect(refusal).toMatchObject({ code: 7, msg: expect.stringContaining('got "moving"') });
    silent(await one.tryDel("later-0"));
  }, 120_000);

  test("K278: without an agent each ADD has what the API server says now; two pools that overlap are told", async () => {
    await applyPool(kubernetes, "alone", { subnets: ["10.21.0.0/24"] });
    await Bun.sleep(1_100);
    await applyPool(kubernetes, "younger", { subnets: ["10.21.0.0/16"] });
    const alone = node("plugin-1", using("alone"), pluginConfig, "plugin");
    expect(addressesOf(await alone.add("one"))[0]).toStartWith("10.21.0.");
    const younger = node("plugin-2", using("younger"), pluginConfig, "plugin");
    expect(refused(await younger.tryAdd("two"))).toMatchObject({
      code: 7,
      msg: "Pool younger is not in force: it shares addresses with pool 'alone' of the cluster",
    });
    const own = { ...NETWORK, ipam: { type: "kube-ipam", subnet: "10.21.0.0/25" } };
    const hostile = node("plugin-1b", own, pluginConfig, "plugin");
    // It has seen no pool yet.
    added(await hostile.tryAdd("three"));
    const seen = node("plugin-1", own, pluginConfig, "plugin");
    expect(refused(await seen.tryAdd("four"))).toMatchObject({
      code: 7,
      msg: "subnet 10.21.0.0/25 overlaps with pool 'alone' of the cluster",
    });
    await applyPool(kubernetes, "alone", { subnets: ["10.22.0.0/24"] });
    expect(addressesOf(await alone.add("five"))[0]).toStartWith("10.22.0.");
    await kubernetes.kubectl("delete", "pools.kube-ipam.io", "younger");
  }, 120_000);

  // Where Kubernetes itself is the store, no ADD goes without it.
  const withoutServer = test.skipIf(CLUSTER_STORE === "kubernetes");
  withoutServer(
    "K278: with the API server down an agent goes on, also a new one; the plugin alone is 11",
    async () => {
      await applyPool(kubernetes, "steady", { subnets: ["10.31.0.0/24"] });
      const served = node("agent-2", using("steady"), agentConfig, "agent");
      await served.startAgent();
      await eventually(async () => ((await served.tryAdd("one")).exitCode === 0 ? true : undefined));
      const alone = node("plugin-3", using("steady"), pluginConfig, "plugin");
      added(await alone.tryAdd("one"));
      await kubernetes.apiServer.stop();
      added(await served.tryAdd("two"));
      await served.killAgent();
      await served.startAgent();
      added(await served.tryAdd("three"));
      const { code, msg } = refused(await alone.tryAdd("two"));
      expect([code, msg]).toEqual([
        11,
        expect.stringContaining("whether the cluster has the pool 'steady' is not known"),
      ]);
      silent(await alone.tryDel("one"));
      await kubernetes.apiServer.start();
      added(await alone.tryAdd("two"));
    },
    120_000,
  );

  test("K279: doctor knows the cluster's pools, and a network that names one", async () => {
    await applyPool(kubernetes, "seen", { subnets: ["10.41.0.0/24"] });
    await applyPool(kubernetes, "bad", {
      ranges: [[{ subnet: "10.42.0.0/24", rangeStart: "10.42.0.9", rangeEnd: "10.42.0.7" }]],
    });
    const on = node("doctor", using("seen"), pluginConfig, "plugin");
    const confDir = on.file("net.d");
    await Bun.write(`${confDir}/10-net1.conf`, JSON.stringify(using("seen")));
    const { stdout } = await on.command(["doctor", "--conf-dir", confDir, "-o", "json"]);
    const findings = JSON.parse(stdout) as { check: string; result: string; found: string }[];
    const of = (check: string) => findings.filter((each) => each.check.startsWith(check));
    expect(of("pools of the cluster")[0]?.found).toMatch(/^\d+ in force: .*seen/);
    expect(of("Pool bad")).toMatchObject([{ result: "warning" }]);
    expect(of("network 'net1'")).toMatchObject([{ result: "ok" }]);
  }, 60_000);
});
