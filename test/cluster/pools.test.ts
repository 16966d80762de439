import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { added, addressesOf, invoke, refused, silent } from "../kit/cni.ts";
import { controllerToken } from "../kit/controller.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { agentToken, operatorToken, pluginToken } from "../kit/kubernetes-role.ts";
import { applyPool, installPools, tryPool } from "../kit/pool-resources.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** Pools as objects of a real API server, and the nodes that use them. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`pools of the cluster: ${missing}`, () => {});

const NETWORK = { cniVersion: "1.1.0", name: "net1", type: "macvlan" };
const using = (pool: string) => ({ ...NETWORK, ipam: { type: "kube-ipam", pool } });

describe.skipIf(missing !== undefined)("pools of the cluster", () => {
  let kubernetes: Kubernetes;
  let agentConfig: string;
  let pluginConfig: string;
  const nodes = new AsyncDisposableStack();

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installPools(kubernetes);
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
  ) => nodes.use(new AgentNode(name, kubernetes.folder, { kubeConfig, nodeLocal: true }, network, through));

  describe("K275: kubectl apply takes what the node's file takes", () => {
    test.each<object>([
      {
        subnets: ["10.1.2.0/24", "2001:db8::/64"],
        nodes: { rack: "r1" },
        namespaces: ["a"],
        maxPerNamespace: 3,
      },
      {
        subnets: ["10.1.2.0/24"],
        exclude: ["10.1.2.3", "10.1.2.8/29", "10.1.2.10 - 10.1.2.20"],
        fixedNamespaces: [],
      },
      {
        ranges: [
          [{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.9", rangeEnd: "10.1.2.90", exclude: ["10.1.2.11"] }],
          [
            { subnet: "2001:db8::/64", gateway: "fe80::1" },
            { subnet: "2001:db8:1::/64", gateway: "none" },
          ],
        ],
        addressSpace: "wire-b",
      },
      { ranges: [[{ subnet: "10.1.2.0/24", fixedStart: "10.1.2.3", fixedEnd: "10.1.2.5" }]] },
    ])("%j", async (spec) => {
      expect(await tryPool(kubernetes, "taken", spec, "--dry-run=server")).toMatchObject({
        exitCode: 0,
        stderr: "",
      });
    });
  });

  describe("K275: and refuses the rest with what would be right", () => {
    test.each<[object, string]>([
      [{}, 'a pool names addresses: set subnets (["10.1.2.0/24"]) or ranges'],
      [
        { subnets: ["10.1.2.1/24"] },
        "spec.subnets[0]: Invalid value: \"string\": '10.1.2.1/24' must be a network's address without host bits",
      ],
      [
        { subnets: ["10.01.2.0/24"] },
        "'10.01.2.0/24' must be a CIDR such as 10.1.2.0/24 or 2001:db8::/64, without leading zeros",
      ],
      [{ subnets: ["10.1.2.0/31"] }, "'10.1.2.0/31' is too small"],
      [{ subnets: ["127.0.0.0/8"] }, "'127.0.0.0/8' holds addresses that no pod can have"],
      [{ subnets: ["239.0.0.0/8"] }, "'239.0.0.0/8' holds multicast addresses"],
      [
        { subnets: ["10.1.2.0/24"], exclude: ["x"] },
        "'x' must be an address, a CIDR (10.1.2.8/29) or a range",
      ],
      [
        { subnets: ["10.1.2.0/24"], maxPerNamespace: 0 },
        "maxPerNamespace must be an integer from 1 to 4294967295",
      ],
      [{ subnets: ["10.1.2.0/24"], addressSpace: "_x" }, "'_x' must be a name of letters, digits"],
      [{ subnets: ["10.1.2.0/24"], namespaces: ["a b"] }, "'a b' must be a name of letters, digits"],
      [{ ranges: [[]] }, "should have at least 1 items"],
      [
        { ranges: [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.3.1" }]] },
        "rangeStart must be an address in the subnet 10.1.2.0/24",
      ],
      [
        { ranges: [[{ subnet: "10.1.2.0/24", gateway: "10.1.3.1" }]] },
        'gateway must be an address in the subnet 10.1.2.0/24, or "none"',
      ],
      [
        { ranges: [[{ subnet: "10.1.2.0/24", fixedStart: "10.1.2.3" }]] },
        "fixedStart and fixedEnd must be set together",
      ],
      [
        { subnets: ["10.1.2.0/24"], namespace: ["a"] },
        "spec.namespace is no key of a pool; its keys are subnets, ranges",
      ],
      [
        { ranges: [[{ subnet: "10.1.2.0/24", start: "10.1.2.3" }]] },
        "'start' is no key of a range; its keys are subnet, rangeStart",
      ],
    ])("%j", async (spec, message) => {
      const { exitCode, stderr } = await tryPool(kubernetes, "refused", spec);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(1);
    });
  });

  test("K275: the definition, its policy and the parser know the same keys", async () => {
    const { POOL_ENTRIES, RANGE_ITEM_ENTRIES } = await import("../../src/config/text/entries.ts");
    const { spec } = await kubernetes.request<{
      spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] };
    }>("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.kube-ipam.io");
    const of = spec.versions[0]?.schema.openAPIV3Schema.properties.spec;
    const range = of?.properties?.ranges?.items?.items;
    expect(Object.keys(of?.properties ?? {}).sort()).toEqual(Object.keys(POOL_ENTRIES).sort());
    expect(Object.keys(range?.properties ?? {}).sort()).toEqual(Object.keys(RANGE_ITEM_ENTRIES).sort());
    const policy = await kubernetes.request<{ spec: { variables: { name: string; expression: string }[] } }>(
      "GET",
      "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/kube-ipam-pools",
    );
    const listed = (name: string) =>
      [
        ...(policy.spec.variables.find((each) => each.name === name)?.expression ?? "").matchAll(/'(\w+)'/g),
      ].map(([, key]) => key);
    expect(listed("keys").sort()).toEqual(Object.keys(POOL_ENTRIES).sort());
    expect(listed("rangeKeys").sort()).toEqual(Object.keys(RANGE_ITEM_ENTRIES).sort());
  });

  test("K276: nobody of ours writes pools, but the controller their status", async () => {
    const tokens = {
      plugin: await pluginToken(kubernetes),
      agent: await agentToken(kubernetes),
      operator: await operatorToken(kubernetes),
      controller: await controllerToken(kubernetes),
    };
    const may: Record<string, string[]> = {};
    for (const [who, token] of Object.entries(tokens)) {
      const config = kubernetes.kubeConfig({ token });
      const asked = ["get", "list", "watch", "create", "update", "patch", "delete"].map((verb) => [
        verb,
        "pools.kube-ipam.io",
      ]);
      const all = [...asked, ["patch", "pools.kube-ipam.io/status"]];
      may[who] = [];
      for (const [verb = "", what = ""] of all) {
        const flags = what.includes("/") ? ["pools.kube-ipam.io", "--subresource=status"] : [what];
        const { exitCode } = await kubernetes.tryKubectl(
          `--kubeconfig=${config}`,
          "auth",
          "can-i",
          verb,
          ...flags,
        );
        if (exitCode === 0) may[who].push(what.includes("/") ? `${verb} status` : verb);
      }
    }
    expect(may).toEqual({
      plugin: ["list"],
      agent: ["list", "watch"],
      operator: ["list"],
      controller: ["list", "watch", "patch status"],
    });
  }, 60_000);

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

  test("K278: with the API server down an agent goes on, also a new one; the plugin alone is 11", async () => {
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
  }, 120_000);

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

interface Schema {
  readonly properties?: Readonly<Record<string, Schema | undefined>>;
  readonly items?: Schema;
}
