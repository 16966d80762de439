import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { addressesOf, refused } from "../kit/cni.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** docs/behaviour.md K350, K351: what goes with an installation, and what its pods can do without it. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`uninstalling: ${missing}`, () => {});

const MANIFESTS = join(import.meta.dir, "../../deploy/manifests");
const [CRDS, REST] = ["crds.yaml", "kube-ipam.yaml"].map((file) => join(MANIFESTS, file)) as [string, string];

describe.skipIf(missing !== undefined)("an installation on Kubernetes' own API that is removed", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: true });
    for (const name of ["a", "b"])
      await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
    await install();
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  test("K351: pods of the plugin alone end, nobody gets what they held, and it is free after another installation", async () => {
    await using a = node("a");
    await using b = node("b");
    await letIn(a, b);
    const [held = ""] = addressesOf(await a.add("c1"));
    await a.add("c2");
    await remove();
    await remove();
    await expect(definitions()).resolves.toEqual([
      "addressrecords.store.kube-ipam.io",
      "pools.kube-ipam.io",
      "storerecords.store.kube-ipam.io",
    ]);
    const refusal = await eventually(async () => {
      const { code } = refused(await a.tryAdd("new"));
      return code === 105 ? code : undefined;
    }, 30_000);
    expect(refusal).toBe(105);
    const ended = await a.end("c1");
    expect([ended.exitCode, ended.stdout]).toEqual([0, ""]);
    expect((await stored()).map(({ container }) => container).sort()).toEqual(["c1", "c2"]);
    await install();
    await letIn(b);
    expect((await b.tryAdd("taker", `IP=${held}`)).exitCode).not.toBe(0);
    await letIn(a);
    await a.add("c3");
    expect((await stored()).map(({ container }) => container).sort()).toEqual(["c2", "c3"]);
    expect(addressesOf(await b.add("taker", `IP=${held}`))).toEqual([held]);
    for (const [machine, container] of [
      [a, "c2"],
      [a, "c3"],
      [b, "taker"],
    ] as const)
      expect((await machine.end(container)).exitCode).toBe(0);
    expect(await stored()).toEqual([]);
  }, 300_000);

  async function install(): Promise<void> {
    await kubernetes.kubectl("apply", "--server-side", "--force-conflicts", "-f", CRDS, "-f", REST);
    await kubernetes.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=30s");
  }

  async function remove(): Promise<void> {
    await kubernetes.kubectl("delete", "--ignore-not-found", "--timeout=60s", "-f", REST);
  }

  async function definitions(): Promise<string[]> {
    const names = (await kubernetes.kubectl("get", "crd", "-o", "name")).trim().split("\n");
    return names.map((name) => name.slice(name.indexOf("/") + 1)).sort();
  }

  function node(name: string): AgentNode {
    const kubeConfig = kubernetes.kubeConfig({ tokenFile: kubernetes.folder.file(`${name}.token`) });
    return new AgentNode(name, kubernetes.folder, { store: "kubernetes", kubeConfig }, NETWORK);
  }

  /** As an agent of the installation does, once the policies are in force. */
  async function letIn(...nodes: readonly AgentNode[]): Promise<void> {
    for (const { name } of nodes) {
      const bound = ["--bound-object-kind=Node", `--bound-object-name=${name}`];
      const token = await kubernetes.kubectl("-n", "kube-ipam", "create", "token", "kube-ipam", ...bound);
      writeFileSync(kubernetes.folder.file(`${name}.token`), token.trim());
    }
  }

  function stored() {
    return listAllocations(async () =>
      openKubernetesStore({ kind: "kubernetes", kubeConfig: kubernetes.adminConfig }),
    );
  }
});

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.50.0.0/28", coolingSeconds: 0, annotations: "off" },
};
