import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { added } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { kubeVirtKinds, workload } from "../kit/kubernetes-objects.ts";
import { type OperatedCluster, operatedCluster } from "../kit/operators.ts";

/** `kube-ipam why` on the built executable, for each row of the hand-over table that can be made. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`why: ${missing}`, () => {});

interface Made {
  readonly metadata: { readonly uid: string };
}

const FIXED = "10.1.2.50";
const WISH = { "kube-ipam.ip": FIXED };

describe.skipIf(missing !== undefined)("why", () => {
  let cluster: OperatedCluster;
  beforeAll(async () => {
    cluster = await operatedCluster({ subnet: "10.1.2.0/24", coolingSeconds: 0, exclude: ["10.1.2.8/29"] });
  }, 120_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const node of [cluster.n1, cluster.n2]) await cluster.world.report(node);
  });

  async function why(name: string, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await cluster.on(cluster.n1, "why", `default/${name}`, ...args);
    expect([exitCode, stderr]).toEqual([0, ""]);
    return stdout;
  }

  /** The lines of these names, as they are printed. */
  async function lines(name: string, ...titles: string[]): Promise<string[]> {
    const all = (await why(name))
      .split("\n")
      .map((line) => line.split(/:\s+/, 1).concat(line.replace(/^[^:]*:\s+/, "")));
    return all.filter(([title = ""]) => titles.includes(title)).map(([, value = ""]) => value);
  }

  /** A pod "old" on n2 that has the address, and a pod "new" on n1 that wants it. */
  async function contest() {
    const old = await cluster.run({ name: "old", annotations: WISH }, cluster.n2);
    await cluster.create({ name: "new", annotations: WISH }, cluster.n1);
    return {
      old: old.sandbox,
      end: async () => {
        await cluster.n2.del(old.sandbox);
        for (const name of ["old", "new"]) await cluster.world.forget(name).catch(() => undefined);
      },
    };
  }

  test("a running pod: what it wished, has, and where", async () => {
    const { sandbox } = await cluster.run({ name: "db", annotations: WISH }, cluster.n2);
    const { pod, container } = sandbox;
    expect(await why("db")).toBe(
      `Pod:       default/db (${pod.uid})\n` +
        "State:     wanted\n" +
        "Node:      n2\n" +
        "Owner:     Pod default/db\n" +
        "\n" +
        "Interface: eth0\n" +
        `Network:   lan (by ${configuration()})\n` +
        `Wish:      ${FIXED} (kube-ipam.ip)\n` +
        `Has:       ${FIXED} (fixed)\n` +
        `Sandbox:   ${container} on node n2\n`,
    );
    const data = JSON.parse(await why("db", "-o", "json"));
    expect(data).toMatchObject({
      pod: { namespace: "default", name: "db", uid: pod.uid },
      node: "n2",
      shows: [FIXED],
      interfaces: [
        {
          ifname: "eth0",
          network: "lan",
          wish: { fixed: [{ address: FIXED, source: "kube-ipam.ip" }], retain: "workload" },
          has: [{ address: FIXED, origin: "fixed", holder: { node: "n2" } }],
        },
      ],
    });
    expect(await why("db", "-o", "yaml")).toContain("- ifname: eth0\n");
    await cluster.end(sandbox, cluster.n2);
  });

  const configuration = () => cluster.world.kubernetes.folder.file("n1", "operator.json");

  test("what the runtime asked for by CNI's own ways", async () => {
    const sandbox = await cluster.create({ name: "asked" }, cluster.n2);
    const { name, namespace, uid } = sandbox.pod;
    const pod = `K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`;
    added(await cluster.n2.add(sandbox, { args: `IgnoreUnknown=1;${pod};IP=10.1.2.90` }));
    await cluster.report("asked", { phase: "Running", podIP: "10.1.2.90", podIPs: [{ ip: "10.1.2.90" }] });
    expect(await lines("asked", "Wish", "Has")).toEqual([
      "10.1.2.90 (by the runtime: CNI_ARGS IP, args.cni.ips or runtimeConfig.ips)",
      "10.1.2.90 (fixed)",
    ]);
    await cluster.end(sandbox, cluster.n2);
  });

  test("any address, and a fixed one, that are free", async () => {
    await cluster.create({ name: "any" }, cluster.n1);
    expect(await lines("any", "Wish", "Address")).toEqual(["any address", "any address: free"]);
    await cluster.create({ name: "free", annotations: { "kube-ipam.ip": "10.1.2.77" } }, cluster.n1);
    expect(await lines("free", "Address", "Holder")).toEqual(["10.1.2.77: free"]);
  });

  test("row: alive", async () => {
    const { end, old } = await contest();
    expect(await lines("new", "Address", "Holder", "Rule", "Waits")).toEqual([
      `${FIXED}: not yet`,
      `pod default/old, container ${old.container} (interface eth0) on node n2`,
      "its holder is alive",
      `address ${FIXED} is held by the running pod default/old on node n2 (error 11)`,
    ]);
    const [next] = await lines("new", "Next");
    expect(next).toContain("use strategy Recreate, or maxSurge 0");
    await end();
  });

  test("rows: leaving, unknown, fenced", async () => {
    const { end, old } = await contest();
    await cluster.world.kubernetes.kubectl("delete", "pod", "old", "--wait=false");
    expect(await lines("new", "Rule")).toEqual(["its holder is leaving; its DEL is due"]);
    await cluster.world.forget("old");
    expect(await lines("new", "Rule", "Waits")).toEqual([
      "its holder is leaving; its DEL is due",
      `address ${FIXED} is still held by pod default/old on node n2, and that pod is gone (error 11)`,
    ]);
    await cluster.world.report(cluster.n2, { ready: "Unknown", outOfService: true });
    expect(await lines("new", "Address", "Rule", "Next")).toEqual([
      `${FIXED}: may be taken from its holder`,
      "its holder's node is fenced: handed over at the next try",
      "the next try of the pod's runtime takes it",
    ]);
    expect(old.pod.name).toBe("old");
    await end();
    const second = await contest();
    await cluster.world.report(cluster.n2, { ready: "Unknown" });
    expect(await lines("new", "Rule")).toEqual(["it is not known whether its holder is alive"]);
    expect((await lines("new", "Next"))[0]).toContain("kubectl taint node n2");
    await second.end();
  });

  test("rows: on this node and gone; an earlier sandbox of the same pod", async () => {
    const { sandbox } = await cluster.run({ name: "db", annotations: WISH }, cluster.n1);
    await cluster.report("db", { phase: "Pending", podIP: null, podIPs: null });
    expect(await lines("db", "Has", "Rule")).toEqual([
      `${FIXED} (fixed)`,
      "an earlier sandbox of this pod has it; its DEL is due",
    ]);
    await cluster.n1.remove(sandbox);
    expect(await lines("db", "Rule")).toEqual(["its holder's sandbox is gone: handed over at the next try"]);
    await cluster.n1.del(sandbox);
    await cluster.world.forget("db");
  });

  test("row: another interface of the same container", async () => {
    const annotations = {
      "kube-ipam.ip/eth0": FIXED,
      "kube-ipam.ip/net1": FIXED,
      "k8s.v1.cni.cncf.io/networks": "lan@net1",
    };
    const sandbox = await cluster.create({ name: "two", annotations }, cluster.n1);
    await cluster.n1.add(sandbox);
    expect(await lines("two", "Interface", "Rule", "Refused")).toEqual([
      "eth0",
      "an earlier sandbox of this pod has it; its DEL is due",
      "net1",
      "another interface of this same container has it",
      `address ${FIXED} is held by interface eth0 of this same container (error 101)`,
    ]);
    await cluster.end(sandbox, cluster.n1);
  });

  test("row: the asking pod is itself no longer wanted", async () => {
    const { end } = await contest();
    await cluster.world.report(cluster.n2, { ready: "Unknown", outOfService: true });
    await cluster.world.forget("old");
    await cluster.world.kubernetes.kubectl("delete", "pod", "new", "--wait=false");
    expect(await lines("new", "State", "Rule", "Refused")).toEqual([
      "being deleted",
      "this pod is itself no longer wanted",
      `pod default/new, which asks for address ${FIXED}, is being deleted (error 108)`,
    ]);
    await end();
  });

  test("row: live migration of one virtual machine", async () => {
    const { kubernetes } = cluster.world;
    await kubernetes.apply(...kubeVirtKinds());
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
    await kubernetes.apply({
      apiVersion: "kubevirt.io/v1",
      kind: "VirtualMachineInstance",
      metadata: { name: "vm", namespace: "default" },
      status: { migrationState: { completed: false, failed: false } },
    });
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
    const source = await cluster.run({ name: "launcher-1", annotations: WISH, ownerReferences }, cluster.n2);
    const target = await cluster.create(
      { name: "launcher-2", annotations: WISH, ownerReferences },
      cluster.n1,
    );
    expect(await lines("launcher-2", "Owner", "Address", "Rule")).toEqual([
      "VirtualMachineInstance default/vm",
      `${FIXED}: shared with its holder`,
      "one virtual machine on the move: both have it until one ends",
    ]);
    // And so it is: both have it, and check finds nothing wrong with that.
    await cluster.n1.add(target);
    await cluster.report("launcher-2", { phase: "Running", podIP: FIXED, podIPs: [{ ip: FIXED }] });
    expect((await cluster.on(cluster.n1, "check", "--settle", "0")).stdout).toBe("");
    await cluster.end(source.sandbox, cluster.n2);
    await cluster.end(target, cluster.n1);
    // Its reservation would outlive it.
    await kubernetes.kubectl("delete", "virtualmachineinstance", "vm");
  });

  test("row: not a pod", async () => {
    const printer = { namespace: "", name: "" };
    const sandbox = await cluster.n2.makeSandbox(printer);
    const { network } = cluster.n2;
    added(await cluster.n2.add(sandbox, { network, args: `IP=${FIXED}` }));
    await cluster.create({ name: "new", annotations: WISH }, cluster.n1);
    expect(await lines("new", "Address", "Rule", "Refused")).toEqual([
      `${FIXED}: refused`,
      "a container that is no pod has it",
      `address ${FIXED} is held by container ${sandbox.container} (interface eth0) on node n2, and that container is not a pod (error 101)`,
    ]);
    await cluster.n2.end(sandbox);
    await cluster.world.forget("new");
  });

  test("refused: reserved by an operator, outside every subnet, excluded, malformed", async () => {
    await cluster.on(cluster.n1, "ip", "list");
    await cluster.n1.operate("ip", "reserve", "10.1.2.60", "--for", "the old printers");
    await cluster.create({ name: "p", annotations: { "kube-ipam.ip": "10.1.2.60" } }, cluster.n1);
    expect(await lines("p", "Refused")).toEqual([
      "address 10.1.2.60 is reserved for 'the old printers' (error 101)",
    ]);
    expect((await lines("p", "Next"))[0]).toContain("'kube-ipam ip unreserve 10.1.2.60'");
    const refusals: readonly [string, string][] = [
      ["10.9.9.9", "address 10.9.9.9 (kube-ipam.ip) is in no subnet of the pod's networks (error 102)"],
      [
        "10.1.2.9",
        "address 10.1.2.9 (kube-ipam.ip) is not allowed in network 'lan': it is excluded (10.1.2.8-10.1.2.15) (error 102)",
      ],
      ["10.1.2", "annotation kube-ipam.ip has the value '10.1.2' (error 103)"],
    ];
    for (const [ip, words] of refusals) {
      await cluster.annotate("p", { "kube-ipam.ip": ip });
      expect((await lines("p", "Refused"))[0]).toBe(words);
    }
    await cluster.world.forget("p");
  });

  test("a set by ordinal, and an interface of Multus by its definition", async () => {
    await cluster.world.kubernetes.apply(DEFINITIONS);
    await cluster.world.kubernetes.kubectl(
      "wait",
      "--for=condition=Established",
      "crd",
      "--all",
      "--timeout=20s",
    );
    const config = {
      ...cluster.n1.network,
      name: "db-lan",
      ipam: { type: "kube-ipam", subnet: "10.7.0.0/24" },
    };
    await cluster.world.kubernetes.apply({
      apiVersion: "k8s.cni.cncf.io/v1",
      kind: "NetworkAttachmentDefinition",
      metadata: { name: "wire", namespace: "default" },
      spec: { config: JSON.stringify(config) },
    });
    const annotations = {
      "k8s.v1.cni.cncf.io/networks": "wire@db0",
      "kube-ipam.ips/db-lan": "10.7.0.10-10.7.0.19",
    };
    await cluster.create({ name: "m", annotations }, cluster.n1);
    expect(await lines("m", "Interface", "Network", "Wish", "Address")).toEqual([
      "eth0",
      `lan (by ${configuration()})`,
      "any address",
      "any address: free",
      "db0",
      "db-lan (by NetworkAttachmentDefinition default/wire)",
      "one of 10.7.0.10-10.7.0.19 (kube-ipam.ips)",
      "10.7.0.10: free",
    ]);
    await cluster.world.forget("m");
  });

  test("J60, J61, J64: a key that is nearly ours, one on the workload, one of another plugin", async () => {
    const { kubernetes } = cluster.world;
    const made = workload("Deployment", "misplaced") as { metadata: object };
    const metadata = { ...made.metadata, annotations: WISH };
    await kubernetes.apply({ ...made, metadata });
    const path = "/apis/apps/v1/namespaces/default";
    const { uid } = (await kubernetes.request<Made>("GET", `${path}/deployments/misplaced`)).metadata;
    const reference = (kind: string, name: string, of: string) => [
      { apiVersion: "apps/v1", kind, name, uid: of, controller: true },
    ];
    const { spec } = workload("Deployment", "misplaced") as { spec: { selector: object; template: object } };
    const set = await kubernetes.request<Made>("POST", `${path}/replicasets`, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: "misplaced-1",
        namespace: "default",
        annotations: WISH,
        ownerReferences: reference("Deployment", "misplaced", uid),
      },
      spec: { replicas: 0, selector: spec.selector, template: spec.template },
    });
    const ownerReferences = reference("ReplicaSet", "misplaced-1", set.metadata.uid);
    await cluster.create({ name: "misplaced-1-x", ownerReferences }, cluster.n1);
    expect(await lines("misplaced-1-x", "Note")).toEqual([
      "Deployment default/misplaced has kube-ipam.ip on itself, where it reaches no pod: it belongs into spec.template.metadata.annotations",
    ]);
    const data = JSON.parse(await why("misplaced-1-x", "-o", "json"));
    expect(data.misplaced).toMatchObject([
      { owner: { kind: "Deployment", name: "misplaced" }, keys: ["kube-ipam.ip"] },
    ]);
    await cluster.create({ name: "near", annotations: { "kube-ipam.io/ip": FIXED } }, cluster.n1);
    expect((await lines("near", "Refused"))[0]).toBe(
      `annotation kube-ipam.io/ip has the value '${FIXED}' (error 103)`,
    );
    await cluster.create(
      { name: "theirs", annotations: { "ovn.kubernetes.io/ip_address": FIXED } },
      cluster.n1,
    );
    expect((await lines("theirs", "Note"))[0]).toStartWith(
      "ovn.kubernetes.io/ip_address speaks to another IPAM plugin",
    );
    for (const name of ["misplaced-1-x", "near", "theirs"]) await cluster.world.forget(name);
  }, 60_000);

  test("a pod that is not there, and one that only the store knows", async () => {
    const nobody = await cluster.on(cluster.n1, "why", "default/nobody");
    expect([nobody.exitCode, nobody.stderr]).toEqual([
      3,
      "error: there is no pod default/nobody, and the store holds nothing for one of that name\n",
    ]);
    const wrong = await cluster.on(cluster.n1, "why", "nobody");
    expect(wrong.exitCode).toBe(2);
    const { sandbox } = await cluster.run({ name: "gone", annotations: WISH }, cluster.n2);
    await cluster.world.forget("gone");
    expect(await lines("gone", "Has", "Sandbox")).toEqual([
      `${FIXED} (fixed)`,
      `${sandbox.container} on node n2`,
    ]);
    await cluster.n2.end(sandbox);
  });
});

const DEFINITIONS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "network-attachment-definitions.k8s.cni.cncf.io" },
  spec: {
    group: "k8s.cni.cncf.io",
    scope: "Namespaced",
    names: {
      plural: "network-attachment-definitions",
      singular: "network-attachment-definition",
      kind: "NetworkAttachmentDefinition",
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { config: { type: "string" } } } },
          },
        },
      },
    ],
  },
};
