import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Attachment, ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { kubeVirtKinds, pod, podOf, workload } from "../kit/kubernetes-objects.ts";
import { applyDefinitions } from "../kit/multus.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** Sets, sticky addresses, virtual machines and several networks, with a real API server and etcd. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`workloads: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("workloads", () => {
  let world: PodsOnNodes;
  let first: ClusterNode;
  let second: ClusterNode;
  let database: Record<string, unknown>;

  beforeAll(async () => {
    world = await podsOnNodes({ controllers: true, store: CLUSTER_STORE });
    const network = (name: string, subnet: string, more: object = {}) => ({
      cniVersion: "1.0.0",
      name,
      type: "macvlan",
      ipam: { ...world.ipam, subnet, ...more },
    });
    const web = network("web", "10.1.2.0/24");
    database = network("database", "10.9.0.0/24");
    first = await world.node("n1", web);
    second = await world.node("n2", web);
    await applyDefinitions(world.kubernetes, { ...database, name: "database" });
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  async function started(name: string, node: ClusterNode): Promise<Sandbox> {
    const identity = await world.find(name);
    await world.bind(name, node);
    return node.makeSandbox(identity);
  }

  async function addressOf(node: ClusterNode, sandbox: Sandbox, attachment?: Attachment): Promise<string> {
    return addressesOf(added(await node.add(sandbox, attachment)))[0] ?? "";
  }

  async function refusalOf(node: ClusterNode, sandbox: Sandbox, attachment?: Attachment): Promise<string> {
    const { code, msg } = refused(await node.add(sandbox, attachment));
    return `${code} ${msg}`;
  }

  /** The pod's sandbox ends, and the API server forgets it; its controller makes another one. */
  async function ended(node: ClusterNode, sandbox: Sandbox): Promise<void> {
    await node.end(sandbox);
    await world.forget(sandbox.pod.name);
  }

  test("a StatefulSet's ordinals take the set's addresses, counted from ordinals.start, in its order", async () => {
    const annotations = { "kube-ipam.ips": "10.1.2.77,10.1.2.60-10.1.2.61" };
    const spec = { serviceName: "db", ordinals: { start: 5 }, replicas: 3, podManagementPolicy: "Parallel" };
    await world.kubernetes.apply(workload("StatefulSet", "db", spec, annotations));
    for (const [name, expected] of [
      ["db-6", "10.1.2.60"],
      ["db-5", "10.1.2.77"],
      ["db-7", "10.1.2.61"],
    ] as const) {
      const sandbox = await started(name, first);
      expect(await addressOf(first, sandbox)).toBe(expected);
    }
  }, 60_000);

  test("a sticky Deployment's pod has its address again", async () => {
    await world.kubernetes.apply(workload("Deployment", "sticky", {}, { "kube-ipam.sticky": "true" }));
    const before = await podOf(world.kubernetes, "app=sticky");
    const sandbox = await started(before, first);
    const address = await addressOf(first, sandbox);
    await ended(first, sandbox);
    await world.kubernetes.apply(pod({ name: "passer-by", node: first.name }));
    const passer = await first.makeSandbox(await world.find("passer-by"));
    expect(await addressOf(first, passer)).not.toBe(address);
    const again = await started(await podOf(world.kubernetes, "app=sticky", before), second);
    expect(await addressOf(second, again)).toBe(address);
  }, 60_000);

  test("a Deployment with one address for two pods: one runs, the other waits and is told why", async () => {
    await world.kubernetes.apply(
      workload("Deployment", "pair", { replicas: 2 }, { "kube-ipam.ip": "10.1.2.90" }),
    );
    const one = await podOf(world.kubernetes, "app=pair");
    const two = await podOf(world.kubernetes, "app=pair", one);
    expect(await addressOf(first, await started(one, first))).toBe("10.1.2.90");
    expect(await refusalOf(second, await started(two, second))).toBe(
      `11 address 10.1.2.90 is held by the running pod default/${one} on node n1`,
    );
  }, 60_000);

  test("J85: pods of another program's controller come back to their places, in another order", async () => {
    const of = (kind: string, name: string) => [
      { apiVersion: "core.strimzi.io/v1beta2", kind, name, uid: `uid-of-${name}`, controller: true },
    ];
    for (const annotations of [
      { "kube-ipam.ips": "10.1.2.150-10.1.2.152" },
      { "kube-ipam.sticky": "true" },
    ]) {
      const [key = ""] = Object.keys(annotations);
      const set = `${key.replace("kube-ipam.", "")}-set`;
      const round = async (order: readonly number[], node: ClusterNode) => {
        const given = new Map<number, string>();
        for (const number of order) {
          const name = `${set}-kafka-${number}`;
          await world.kubernetes.apply(pod({ name, annotations, ownerReferences: of("StrimziPodSet", set) }));
          const sandbox = await started(name, node);
          given.set(number, await addressOf(node, sandbox));
          sandboxes.push(() => ended(node, sandbox));
        }
        for (const end of sandboxes.splice(0)) await end();
        return given;
      };
      const sandboxes: (() => Promise<void>)[] = [];
      const before = await round([1, 2, 0], first);
      const after = await round([0, 2, 1], second);
      expect([...after].sort()).toEqual([...before].sort());
      expect(new Set(before.values()).size).toBe(3);
    }
  }, 60_000);

  /** Another team, which may name any address that is not reserved. */
  async function othersMayHave(address: string, name: string): Promise<boolean> {
    const namespace = "team-c";
    await world.kubernetes.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } },
      pod({ name, namespace, node: second.name, annotations: { "kube-ipam.ip": address } }),
    );
    const sandbox = await second.makeSandbox(await world.find(name, namespace));
    const answer = await second.add(sandbox);
    await second.end(sandbox);
    return answer.exitCode === 0;
  }

  test("J89: the former address of a Deployment's template ends with the old pod", async () => {
    const named = (address: string) => workload("Deployment", "moves", {}, { "kube-ipam.ip": address });
    await world.kubernetes.apply(named("10.1.2.161"));
    const old = await podOf(world.kubernetes, "app=moves");
    const before = await started(old, first);
    expect(await addressOf(first, before)).toBe("10.1.2.161");
    await world.kubernetes.apply(named("10.1.2.162"));
    const now = await started(await podOf(world.kubernetes, "app=moves", old), second);
    expect(await addressOf(second, now)).toBe("10.1.2.162");
    expect(await othersMayHave("10.1.2.161", "too-early")).toBe(false);
    await first.end(before);
    expect(await othersMayHave("10.1.2.161", "in-time")).toBe(true);
    expect(await othersMayHave("10.1.2.162", "never")).toBe(false);
  }, 60_000);

  test("J86: a pod that comes back without the annotation gives up its address", async () => {
    const set = (annotations: Record<string, string>) =>
      workload(
        "StatefulSet",
        "plain",
        { serviceName: "p", updateStrategy: { type: "OnDelete" } },
        annotations,
      );
    await world.kubernetes.apply(set({ "kube-ipam.ip": "10.1.2.170" }));
    const before = await started("plain-0", first);
    expect(await addressOf(first, before)).toBe("10.1.2.170");
    await first.end(before);
    expect(await othersMayHave("10.1.2.170", "not-yet")).toBe(false);
    await world.kubernetes.apply(set({}));
    await eventually(async () => {
      const spec = await world.kubernetes.kubectl("get", "statefulset", "plain", "-o", "json");
      const { metadata, status } = JSON.parse(spec);
      return status.observedGeneration === metadata.generation || undefined;
    });
    await world.forget("plain-0");
    await addressOf(second, await started("plain-0", second));
    expect(await othersMayHave("10.1.2.170", "now")).toBe(true);
  }, 60_000);

  test("the UID of another team's workload is no claim to its address", async () => {
    const { kubernetes } = world;
    const apiVersion = "apps/v1";
    const named = { "kube-ipam.ip": "10.1.2.140" };
    await kubernetes.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "team-b" } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "team-b" } },
      workload("StatefulSet", "safe", { serviceName: "safe" }, named),
    );
    const before = await started("safe-0", first);
    expect(await addressOf(first, before)).toBe("10.1.2.140");
    await first.end(before);
    const uid = await kubernetes.kubectl("get", "statefulset", "safe", "-o", "jsonpath={.metadata.uid}");
    for (const [kind, of] of [
      ["ConfigMap", "v1"],
      ["DaemonSet", apiVersion],
      ["StatefulSet", "example.com/v1"],
      ["ReplicaSet", apiVersion],
    ] as const) {
      const name = `claims-${kind.toLowerCase()}-${of.length}`;
      const ownerReferences = [{ apiVersion: of, kind, name: "safe", uid, controller: true }];
      const wish = { name, namespace: "team-b", node: second.name, annotations: named, ownerReferences };
      await kubernetes.apply(pod(wish));
      const sandbox = await second.makeSandbox(await world.find(name, "team-b"));
      expect(await refusalOf(second, sandbox)).toBe(
        "101 address 10.1.2.140 is reserved for StatefulSet default/safe",
      );
    }
    await world.forget("safe-0");
    const again = await started("safe-0", second);
    expect(await addressOf(second, again)).toBe("10.1.2.140");
  }, 60_000);

  test("a virtual machine keeps its address through a live migration", async () => {
    const { kubernetes } = world;
    await kubernetes.apply(...kubeVirtKinds());
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
    const metadata = { name: "vm", namespace: "default" };
    const instance = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", metadata };
    await kubernetes.apply(instance);
    const uid = await kubernetes.kubectl(
      "get",
      "virtualmachineinstance",
      "vm",
      "-o",
      "jsonpath={.metadata.uid}",
    );
    const ownerReferences = [
      { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", name: "vm", uid, controller: true },
    ];
    const annotations = { "kube-ipam.ip": "10.1.2.100" };
    await kubernetes.apply(pod({ name: "launcher-1", annotations, ownerReferences }));
    const source = await started("launcher-1", first);
    expect(await addressOf(first, source)).toBe("10.1.2.100");

    const target = { ...annotations, "kubevirt.io/migrationJobName": "move" };
    await kubernetes.apply(pod({ name: "launcher-2", annotations: target, ownerReferences }));
    const sandbox = await started("launcher-2", second);
    expect(await refusalOf(second, sandbox)).toBe(
      "11 address 10.1.2.100 is held by the running pod default/launcher-1 on node n1",
    );
    const move = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstanceMigration" };
    await kubernetes.apply({ ...move, metadata: { ...metadata, name: "move" }, spec: { vmiName: "vm" } });
    expect(await addressOf(second, sandbox)).toBe("10.1.2.100");

    await kubernetes.kubectl("delete", "virtualmachineinstancemigration", "move");
    await ended(first, source);
    await kubernetes.apply(pod({ name: "outsider", annotations }));
    const outsider = await started("outsider", first);
    expect(await refusalOf(first, outsider)).toBe(
      "11 address 10.1.2.100 is held by the running pod default/launcher-2 on node n2",
    );
    await ended(second, sandbox);
    expect(await addressOf(first, outsider)).toBe("10.1.2.100");
  }, 60_000);

  describe("Multus: eth0 random on the web network, net1 fixed on the database network", () => {
    const net1 = () => ({ ifname: "net1", network: database });
    const layered = (name: string, annotations: Record<string, string>) =>
      world.kubernetes.apply(
        pod({ name, annotations: { ...annotations, "k8s.v1.cni.cncf.io/networks": "database" } }),
      );

    test("the plain key applies where a subnet holds the address; DEL of one interface leaves the other", async () => {
      await layered("layered", { "kube-ipam.ip": "10.9.0.50" });
      const sandbox = await started("layered", first);
      expect(await addressOf(first, sandbox)).toStartWith("10.1.2.");
      expect(await addressOf(first, sandbox, net1())).toBe("10.9.0.50");
      expect((await first.del(sandbox)).exitCode).toBe(0);
      await layered("rival", { "kube-ipam.ip": "10.9.0.50" });
      const rival = await started("rival", second);
      expect(await addressOf(second, rival)).toStartWith("10.1.2.");
      expect(await refusalOf(second, rival, net1())).toBe(
        "11 address 10.9.0.50 is held by the running pod default/layered on node n1",
      );
    });

    test("an address that no network of the pod holds is error 102 on the first of them", async () => {
      await layered("nowhere", { "kube-ipam.ip": "10.7.0.50" });
      expect(await refusalOf(first, await started("nowhere", first))).toBe(
        "102 address 10.7.0.50 (kube-ipam.ip) is in no subnet of the pod's networks",
      );
    });

    test("keys by network and by interface speak to one of them each", async () => {
      await layered("keyed", { "kube-ipam.ip/eth0": "10.1.2.120", "kube-ipam.ip/database": "10.9.0.60" });
      const sandbox = await started("keyed", first);
      expect(await addressOf(first, sandbox)).toBe("10.1.2.120");
      expect(await addressOf(first, sandbox, net1())).toBe("10.9.0.60");
    });

    test("a capability that Multus dropped is asked of Kubernetes instead", async () => {
      const network = { ...database, capabilities: { "io.kubernetes.cri.pod-annotations": true } };
      await layered("dropped", { "kube-ipam.ip": "10.9.0.70" });
      const sandbox = await started("dropped", first);
      expect(await addressOf(first, sandbox, { ifname: "net1", network })).toBe("10.9.0.70");
    });
  });

  // Where Kubernetes itself is the store, no ADD goes without it.
  test.skipIf(CLUSTER_STORE === "kubernetes")(
    "annotations that the runtime delivers need no API server",
    async () => {
      await world.kubernetes.apply(pod({ name: "delivered", node: first.name }));
      const sandbox = await first.makeSandbox(await world.find("delivered"));
      const runtimeConfig = { "io.kubernetes.cri.pod-annotations": { "kube-ipam.ip": "10.1.2.130" } };
      const capabilities = { "io.kubernetes.cri.pod-annotations": true };
      await world.kubernetes.apiServer.stop();
      try {
        const network = { ...first.network, capabilities, runtimeConfig };
        expect(await addressOf(first, sandbox, { network })).toBe("10.1.2.130");
      } finally {
        await world.kubernetes.apiServer.start();
      }
    },
    90_000,
  );
});
