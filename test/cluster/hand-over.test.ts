import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { parseAddress } from "../../src/address/address.ts";
import { clusterOfRecords } from "../../src/ipam/cluster-names.ts";
import { gatherFacts } from "../../src/ipam/hand-over/gather-facts.ts";
import { judge } from "../../src/ipam/hand-over/judge.ts";
import type { Ports } from "../../src/ipam/ports.ts";
import type { Holder, PodId } from "../../src/ipam/records.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { lazyCluster } from "../../src/kubernetes/ports/lazy-cluster.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { kubeVirtKinds, pod, setNode } from "../kit/kubernetes-objects.ts";
import { pluginToken } from "../kit/kubernetes-role.ts";

/** Every row of the hand-over table that asks Kubernetes, against a real API server. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the hand-over table against a real API server: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the hand-over table", () => {
  let kubernetes: Kubernetes;
  let ports: Ports;
  let asker: PodId;
  let count = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.apply(SERVICE_ACCOUNT);
    const cluster = lazyCluster({
      kubeConfig: kubernetes.kubeConfig({ token: await pluginToken(kubernetes) }),
    });
    const clusterNames = await cluster.clusterNames(soon());
    ports = {
      store: createMemoryStore(),
      node: new FakeNode("n2"),
      cluster,
      clusterNames,
      log: () => {},
      random: Math.random,
    };
    await setNode(kubernetes, "n2", { ready: "True", bootId: "boot-n2" });
    asker = await make("asker", "n2");
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());
  beforeEach(() => setNode(kubernetes, "n1", { ready: "True", bootId: "boot-n1" }));

  const soon = () => performance.now() + 10_000;

  async function make(name: string, node: string, ownerReferences: object[] = []): Promise<PodId> {
    await kubernetes.apply(pod({ name, node, ownerReferences }));
    const uid = await kubernetes.kubectl("get", "pod", name, "-o", "jsonpath={.metadata.uid}");
    return { namespace: "default", name, uid };
  }

  /** A running pod on node n1 with an address. */
  async function holding(change: Partial<Holder> = {}, ownerReferences: object[] = []): Promise<Holder> {
    const of = await make(`holder-${count++}`, "n1", ownerReferences);
    return {
      attachment: { network: "net", container: `c-${of.name}`, ifname: "eth0" },
      pod: of,
      node: "n1",
      nodeVerified: true,
      bootId: "boot-n1",
      namespace: { path: "/run/netns/x" },
      requestId: "r",
      ...clusterOfRecords(ports),
      ...change,
    };
  }

  async function outcome(of: Holder, by: PodId = asker, migratingInstance?: string): Promise<string> {
    const owner = { owner: { kind: "VirtualMachine", namespace: "default", name: "vm" } };
    const asking = {
      address: parseAddress("10.188.0.216"),
      space: "default",
      attachment: { network: "net", container: `c-${by.name}`, ifname: "eth0" },
      pod: by,
      ...(migratingInstance !== undefined && { owner: { ...owner, migratingInstance } }),
    };
    const verdict = judge(await gatherFacts(asking, of, ports, soon()));
    if (verdict.action === "hand-over") return `hand-over: ${verdict.evidence}`;
    return "refusal" in verdict ? `${verdict.action}: ${verdict.refusal.message}` : verdict.action;
  }

  const kill = (of: Holder, ...how: string[]) =>
    kubernetes.kubectl("delete", "pod", of.pod?.name ?? "", "--wait=false", ...how);
  const forceKill = (of: Holder) => kill(of, "--force", "--grace-period=0");
  const text = (of: Holder, rest: string) =>
    `address 10.188.0.216 is ${rest.replace("POD", `pod default/${of.pod?.name} on node n1`)}`;

  test("alive", async () => {
    const of = await holding();
    expect(await outcome(of)).toBe(`refuse: ${text(of, "held by the running POD")}`);
  });

  test("being deleted", async () => {
    const of = await holding();
    await kill(of);
    expect(await outcome(of)).toBe(`wait: ${text(of, "still held by POD, and that pod is being deleted")}`);
  });

  test("force-deleted: gone from the API, perhaps not from its node", async () => {
    const of = await holding();
    await forceKill(of);
    expect(await outcome(of)).toBe(`wait: ${text(of, "still held by POD, and that pod is gone")}`);
  });

  test("replaced by another pod of its name", async () => {
    const of = await holding();
    await forceKill(of);
    await kubernetes.apply(pod({ name: of.pod?.name ?? "", node: "n1" }));
    expect(await outcome(of)).toBe(`wait: ${text(of, "still held by POD, and that pod was replaced")}`);
  });

  test("finished", async () => {
    const of = await holding();
    const path = `/api/v1/namespaces/default/pods/${of.pod?.name}/status`;
    await kubernetes.request("PATCH", path, { status: { phase: "Failed" } }, "application/merge-patch+json");
    expect(await outcome(of)).toBe(`wait: ${text(of, "still held by POD, and that pod has finished")}`);
  });

  test("on a NotReady node", async () => {
    const of = await holding();
    await setNode(kubernetes, "n1", { ready: "Unknown", bootId: "boot-n1" });
    expect(await outcome(of)).toBe(
      `refuse: ${text(of, "held by POD, and it is not known whether that pod has ended")}`,
    );
  });

  test("gone from a NotReady node, until the node is tainted out-of-service", async () => {
    const of = await holding();
    await forceKill(of);
    await setNode(kubernetes, "n1", { ready: "Unknown", bootId: "boot-n1" });
    expect(await outcome(of)).toBe(`wait: ${text(of, "still held by POD, and that pod is gone")}`);
    await setNode(kubernetes, "n1", { ready: "Unknown", bootId: "boot-n1", outOfService: true });
    expect(await outcome(of)).toBe("hand-over: its node is fenced");
  });

  test("the taint alone fences nothing while the pod is there", async () => {
    const of = await holding();
    await setNode(kubernetes, "n1", { ready: "Unknown", bootId: "boot-n1", outOfService: true });
    expect(await outcome(of)).toBe(
      `refuse: ${text(of, "held by POD, and it is not known whether that pod has ended")}`,
    );
  });

  test("gone, and its node deleted", async () => {
    const of = await holding();
    await forceKill(of);
    await kubernetes.kubectl("delete", "node", "n1");
    expect(await outcome({ ...of, nodeVerified: false })).toBe(
      `wait: ${text(of, "still held by POD, and that pod is gone")}`,
    );
    expect(await outcome(of)).toBe("hand-over: its node is fenced");
  });

  test("gone, and its node booted anew", async () => {
    const of = await holding();
    await forceKill(of);
    await setNode(kubernetes, "n1", { ready: "True", bootId: "boot-n1-later" });
    expect(await outcome(of)).toBe("hand-over: its node is fenced");
  });

  test("an asker that was deleted meanwhile gets nothing", async () => {
    const of = await holding();
    await forceKill(of);
    await setNode(kubernetes, "n1", { ready: "True", bootId: "boot-n1-later" });
    const late = await make(`late-${count++}`, "n2");
    expect(await outcome(of, late)).toBe("hand-over: its node is fenced");
    await kubernetes.kubectl("delete", "pod", late.name, "--force", "--grace-period=0");
    expect(await outcome(of, late)).toBe(
      `refuse: pod default/${late.name}, which asks for address 10.188.0.216, is gone or was replaced`,
    );
  });

  test("launchers of one instance share while it migrates", async () => {
    await kubernetes.apply(...kubeVirtKinds());
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
    const metadata = { name: "vm", namespace: "default" };
    await kubernetes.apply({ apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", metadata });
    const uid = await kubernetes.kubectl(
      "get",
      "virtualmachineinstance",
      "vm",
      "-o",
      "jsonpath={.metadata.uid}",
    );
    const reference = {
      apiVersion: "kubevirt.io/v1",
      kind: "VirtualMachineInstance",
      name: "vm",
      uid,
      controller: true,
    };
    const of = await holding({}, [reference]);
    expect(await outcome(of, asker, uid)).toBe("share");
    expect(await outcome(of)).toBe(`refuse: ${text(of, "held by the running POD")}`);
    expect(await outcome(await holding(), asker, uid)).toStartWith("refuse: ");
  }, 30_000);

  test("an API server that is down proves nothing", async () => {
    const of = await holding();
    await forceKill(of);
    await kubernetes.apiServer.stop();
    try {
      expect(await outcome(of)).toBe(
        `refuse: ${text(of, "held by POD, and it is not known whether that pod has ended")}`,
      );
    } finally {
      await kubernetes.apiServer.start();
    }
  }, 90_000);
});

/** Pods need one in their namespace; without controllers nobody makes it. */
const SERVICE_ACCOUNT = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "default", namespace: "default" },
};
