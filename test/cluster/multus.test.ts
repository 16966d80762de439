import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type MultusNode, type MultusSandbox, multusNode, withoutMultus } from "../kit/multus.ts";
import { makeNamespace } from "../kit/namespaces.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import type { Finished } from "../kit/run.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";

/**
 * The real Multus and the real macvlan before the built plugin. No definition names a credential:
 * the node's file does. Multus drops the capability of the pod's annotations, so Kubernetes is asked.
 */

const missing = withoutKubernetes() ?? withoutMultus();
if (missing !== undefined) test.skip(`Multus: ${missing}`, () => {});

const CAPABILITY = "io.kubernetes.cri.pod-annotations";
const NETWORKS = "k8s.v1.cni.cncf.io/networks";

describe.skipIf(missing !== undefined)("Multus", () => {
  let world: PodsOnNodes;
  let node: MultusNode;
  let made: MultusSandbox[] = [];

  beforeAll(async () => {
    world = await podsOnNodes({ controllers: true });
    node = await multusNode(world, { subnet: "10.1.2.0/24" });
    const capabilities = { [CAPABILITY]: true, ips: true };
    await node.attachable("database", { subnet: "10.9.0.0/24" }, { capabilities });
  }, 120_000);
  beforeEach(() => node.nodeFile(nodeSettings()));
  afterEach(async () => {
    for (const sandbox of made) {
      await node.run("DEL", sandbox);
      await sandbox.namespace.remove();
    }
    made = [];
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  function nodeSettings(): Record<string, unknown> {
    const at = (name: string) => world.kubernetes.folder.file("multus-node", name);
    return {
      etcdConfig: world.ipam.etcdConfig,
      dataDir: at("data"),
      runDir: at("run"),
      logFile: at("kube-ipam.log"),
      nodeName: "n1",
    };
  }

  /** A pod with these annotations, and a sandbox for it. */
  async function sandboxOf(name: string, annotations: Record<string, string>): Promise<MultusSandbox> {
    await world.kubernetes.apply(pod({ name, node: "n1", annotations }));
    const namespace = await makeNamespace();
    const container = crypto.randomUUID().replaceAll("-", "");
    const runtimeConfig = { [CAPABILITY]: annotations };
    const sandbox = { pod: await world.find(name), container, namespace, runtimeConfig };
    made.push(sandbox);
    return sandbox;
  }

  /** What the sandbox's interfaces really have: "eth0 10.1.2.2". */
  async function interfaces({ namespace }: MultusSandbox): Promise<string[]> {
    const links = JSON.parse(await namespace.exec("ip", "-j", "-4", "address")) as {
      ifname: string;
      addr_info: { local: string }[];
    }[];
    return links
      .filter(({ ifname }) => ifname !== "lo")
      .flatMap(({ ifname, addr_info }) => addr_info.map(({ local }) => `${ifname} ${local}`))
      .sort();
  }

  async function held({ container }: MultusSandbox): Promise<string[]> {
    const all = await listAllocations(() => openEtcdStore(etcdSettings(world.etcd)));
    const own = all.filter((allocation) => allocation.container === container);
    return own.map(({ ifname, address, network }) => `${ifname} ${address} ${network}`).sort();
  }

  function succeeded({ exitCode, stdout, stderr }: Finished): void {
    if (exitCode !== 0) throw new Error(`expected success, got ${stdout} ${stderr}`);
  }

  test("eth0 is dynamic, net1 fixed by the plain key; DEL of one leaves the other", async () => {
    const sandbox = await sandboxOf("layered", { "kube-ipam.ip": "10.9.0.50", [NETWORKS]: "database" });
    succeeded(await node.run("ADD", sandbox));
    const [eth0 = "", net1] = await interfaces(sandbox);
    expect(eth0).toStartWith("eth0 10.1.2.");
    expect(net1).toBe("net1 10.9.0.50");
    expect(await held(sandbox)).toEqual([`${eth0} web`, "net1 10.9.0.50 database"]);
    succeeded(await node.runOne("DEL", "database", "net1", sandbox));
    expect(await held(sandbox)).toEqual([`${eth0} web`]);
    succeeded(await node.run("DEL", sandbox));
    expect(await held(sandbox)).toEqual([]);
  }, 60_000);

  test("two attachments to one network, each with the address that its interface's key names", async () => {
    const sandbox = await sandboxOf("double", {
      "kube-ipam.ip/net1": "10.9.0.61",
      "kube-ipam.ip/net2": "10.9.0.62",
      [NETWORKS]: "database,database",
    });
    succeeded(await node.run("ADD", sandbox));
    expect((await interfaces(sandbox)).slice(1)).toEqual(["net1 10.9.0.61", "net2 10.9.0.62"]);
  }, 60_000);

  test("an address asked for in the pod's list of networks", async () => {
    const list = JSON.stringify([{ name: "database", ips: ["10.9.0.70/24"], interface: "data" }]);
    const sandbox = await sandboxOf("listed", { [NETWORKS]: list });
    succeeded(await node.run("ADD", sandbox));
    expect(await interfaces(sandbox)).toContain("data 10.9.0.70");
  }, 60_000);

  test("an address that no network of the pod holds is refused, and nothing stays", async () => {
    const sandbox = await sandboxOf("nowhere", { "kube-ipam.ip": "10.7.0.50", [NETWORKS]: "database" });
    const { exitCode, stdout } = await node.run("ADD", sandbox);
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("address 10.7.0.50 (kube-ipam.ip) is in no subnet of the pod's networks");
    expect(await held(sandbox)).toEqual([]);
  }, 60_000);

  test("where no file names a kubeConfig, the dropped capability is the reason that is told", async () => {
    const { etcdConfig, ...settings } = nodeSettings();
    const { kubeConfig: _none, ...store } = etcdConfig as Record<string, unknown>;
    node.nodeFile({ ...settings, etcdConfig: store });
    const sandbox = await sandboxOf("dropped", { "kube-ipam.ip": "10.9.0.80", [NETWORKS]: "database" });
    const { exitCode, stdout } = await node.run("ADD", sandbox);
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("has no way to read the pod's annotations");
    expect((await node.runOne("ADD", "database", "net1", sandbox)).stdout).toContain(
      "Multus does not pass it on",
    );
    expect(await held(sandbox)).toEqual([]);
  }, 60_000);

  test("a definition that names a store or a credential of its own is refused", async () => {
    await node.attachable("thief", { subnet: "10.8.0.0/24", kubeConfig: "/etc/kubernetes/admin.conf" });
    const sandbox = await sandboxOf("thief", { [NETWORKS]: "thief" });
    const { exitCode, stdout } = await node.run("ADD", sandbox);
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("ipam.kubeConfig is locked by");
  }, 60_000);
});
