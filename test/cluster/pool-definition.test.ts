import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { POOL_ENTRIES, RANGE_ITEM_ENTRIES } from "../../src/config/text/entries.ts";
import { controllerToken } from "../kit/controller.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { agentToken, operatorToken, pluginToken } from "../kit/kubernetes-role.ts";
import { installPools, tryPool } from "../kit/pool-resources.ts";

/** What a real API server takes for a pool, and from whom. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the definition of pools: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the definition of pools", () => {
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installPools(kubernetes);
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

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
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema | undefined>>;
  readonly items?: Schema;
}
