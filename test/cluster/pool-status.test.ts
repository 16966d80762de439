import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { added } from "../kit/cni.ts";
import { type Controller, leaderOf, startController } from "../kit/controller.ts";
import { applyControllerService, applyFor } from "../kit/controller-service.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { applyPool, installPools } from "../kit/pool-resources.ts";
import { eventually } from "../kit/wait.ts";

/** What the controller makes of pools of the cluster: their status, and what it judges by them. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the status of pools: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the controller and pools of the cluster", () => {
  let world: PodsOnNodes;
  let node: AgentNode;
  let controller: Controller;

  beforeAll(async () => {
    world = await podsOnNodes({ store: CLUSTER_STORE });
    const { kubernetes } = world;
    await installPools(kubernetes);
    await kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    await applyPool(kubernetes, "db", { subnets: ["10.1.2.0/28"], namespaces: ["default"] });
    const network = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: { type: "kube-ipam", pool: "db" },
    };
    node = new AgentNode("n1", kubernetes.folder, { ...world.ipam, type: undefined }, network);
    controller = await startController(world, { pools: { web: { subnets: ["10.7.0.0/24"] } } });
    await leaderOf([controller]);
  }, 120_000);
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  /** The row of `kubectl get pools`, but for the age. */
  async function row(name: string): Promise<string[]> {
    const text = await world.kubernetes.kubectl("get", "pools", name, "--no-headers");
    return text.trim().split(/\s+/).slice(0, -1);
  }

  function shows(...wanted: string[]): Promise<true> {
    return eventually(async () => Bun.deepEquals(await row(wanted[0] ?? ""), wanted) || undefined, 30_000);
  }

  test("K277: kubectl get pools shows size, used, reserved and free", async () => {
    await shows("db", "13", "0", "0", "13", "True");
    const header = (await world.kubernetes.kubectl("get", "pools")).split("\n")[0];
    expect(header?.split(/\s+/)).toEqual(["NAME", "SIZE", "USED", "RESERVED", "FREE", "READY", "AGE"]);
    await world.kubernetes.request(
      "POST",
      "/api/v1/namespaces/default/pods",
      pod({ name: "one", node: "n1", annotations: { "kube-ipam.ip": "10.1.2.5" } }),
    );
    const { uid } = await world.find("one");
    const args = `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=one;K8S_POD_UID=${uid}`;
    added(await node.tryAdd("one", args));
    await shows("db", "13", "1", "1", "12", "True");
    await applyPool(world.kubernetes, "db", { subnets: ["10.1.2.0/24"], namespaces: ["default"] });
    await shows("db", "253", "1", "1", "252", "True");
  }, 60_000);

  test("K277: what CEL cannot judge is told by the condition Ready", async () => {
    const backwards = { ranges: [[{ subnet: "10.9.0.0/24", rangeStart: "10.9.0.9", rangeEnd: "10.9.0.7" }]] };
    await applyPool(world.kubernetes, "backwards", backwards);
    await applyPool(world.kubernetes, "web", { subnets: ["10.8.0.0/24"] });
    await shows("backwards", "False");
    await shows("web", "False");
    const message = (name: string) =>
      world.kubernetes.kubectl(
        "get",
        "pools",
        name,
        "-o=jsonpath={.status.conditions[0].reason}: {.status.conditions[0].message}",
      );
    expect(await message("backwards")).toBe(
      'Invalid: Pool backwards: spec.ranges[0][0].rangeStart must be no higher than Pool backwards: spec.ranges[0][0].rangeEnd (10.9.0.7), got "10.9.0.9"',
    );
    expect(await message("web")).toContain("DefinedByNode: Pool web has no effect: ");
  }, 60_000);

  test("K279: the webhook judges by pools of the cluster", async () => {
    const { kubernetes } = world;
    await applyControllerService(kubernetes);
    await applyFor(controller, "admission/webhook.yaml", kubernetes);
    await kubernetes.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } },
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default", namespace: "other" },
      },
    );
    const wish = pod({ name: "thief", annotations: { "kube-ipam.ip": "10.1.2.9" } });
    await Bun.write(
      kubernetes.folder.file("thief.json"),
      JSON.stringify({
        ...wish,
        metadata: { ...(wish as { metadata: object }).metadata, namespace: "other" },
      }),
    );
    await eventually(async () => {
      const { stderr } = await kubernetes.tryKubectl(
        "create",
        "--dry-run=server",
        "-f",
        kubernetes.folder.file("thief.json"),
      );
      return stderr.includes("pool 'db'") || undefined;
    }, 60_000);
  }, 90_000);
});
