import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { formatAddress } from "../../src/address/address.ts";
import type { AttachmentRecord } from "../../src/ipam/records.ts";
import type { Store } from "../../src/ipam/store-port.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf } from "../kit/cni.ts";
import { type Controller, leaderOf, startController } from "../kit/controller.ts";
import { within } from "../kit/etcd-records.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** EVIDENCE: what the controller frees of a fenced node, and what it does not. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller and fenced nodes: ${missing}`, () => {});

const ROUNDS = 'kube_ipam_controller_rounds_total{work="fenced nodes",outcome="done"}';
const PATIENCE_MS = 120_000;

describe.skipIf(missing !== undefined)("the controller and fenced nodes", () => {
  let world: PodsOnNodes;
  let store: Store;
  let node: ClusterNode;
  let sandbox: Sandbox;
  let count = 0;

  beforeAll(async () => {
    world = await podsOnNodes({ store: CLUSTER_STORE });
    store = await world.openStore();
    await world.kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await world?.[Symbol.asyncDispose]();
  });

  /** A pod that wants nothing runs on a node of its own, so that nobody looked up where it is scheduled. */
  beforeEach(async () => {
    const name = `n${++count}`;
    const ipam = { ...world.ipam, subnet: "10.1.0.0/16" };
    node = await world.node(name, { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam });
    sandbox = await attach(`pod-${count}`);
  });
  afterEach(async () => {
    await node.end(sandbox);
    await world.kubernetes.kubectl("delete", "pods,nodes", "--all", "--force", "--grace-period=0");
  });

  async function attach(name: string): Promise<Sandbox> {
    const { kubernetes } = world;
    await kubernetes.request("POST", "/api/v1/namespaces/default/pods", pod({ name, node: node.name }));
    const made = await node.makeSandbox(await world.find(name));
    const [address = ""] = addressesOf(added(await node.add(made)));
    expect(await held()).toContain(address);
    return made;
  }

  async function held(): Promise<string[]> {
    const found: string[] = [];
    for await (const { ref } of store.list({ kind: "allocation" }, within(10_000)))
      found.push(formatAddress(ref.address));
    return found;
  }

  const freed = () => eventually(async () => ((await held()).length === 0 ? true : undefined), PATIENCE_MS);

  /** An address is seen to be free before whoever frees it hears of that. */
  async function counted(controller: Controller, metric: string): Promise<void> {
    await eventually(async () => (await controller.metric(metric)) ?? undefined, PATIENCE_MS);
    expect(await controller.metric(metric)).toBe(1);
  }

  /** Two whole rounds began and ended after everything that was done so far. */
  async function twoRounds(controller: Controller): Promise<void> {
    const rounds = async () => (await controller.metric(ROUNDS)) ?? 0;
    const before = await rounds();
    await eventually(async () => ((await rounds()) >= before + 2 ? true : undefined), PATIENCE_MS);
  }

  /** The record of the pod's attachment, changed as if others had written it. */
  async function rewrite(change: (record: AttachmentRecord) => AttachmentRecord): Promise<void> {
    for await (const { ref, record, revision } of store.list({ kind: "attachment" }, within(10_000))) {
      const next = { ref, record: change(record) };
      await store.commit({ guards: [{ ref, revision }], puts: [next], deletes: [] }, within(10_000));
    }
  }

  test("of two controllers one frees; when it is killed, the other does", async () => {
    await using first = await startController(world);
    await using second = await startController(world);
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    await twoRounds(leader);
    leader.daemon.signal("SIGKILL");
    await world.kubernetes.kubectl("delete", "node", node.name);
    await leaderOf([other]);
    // The API still has the pod: the node alone is no evidence.
    await twoRounds(other);
    expect(await held()).toHaveLength(1);
    await world.forget(sandbox.pod.name);
    // The one who leads now never saw that Node: the record tells that its name was verified.
    await freed();
    await counted(other, 'kube_ipam_controller_freed_addresses_total{fence="node-deleted"}');
  }, 400_000);

  test("a NotReady node keeps its addresses until it is tainted out-of-service; the pod gets an Event", async () => {
    await using controller = await startController(world);
    await leaderOf([controller]);
    await twoRounds(controller);
    await world.report(node, { ready: "Unknown" });
    await world.forget(sandbox.pod.name);
    await twoRounds(controller);
    expect(await held()).toHaveLength(1);
    await world.report(node, { ready: "Unknown", outOfService: true });
    await freed();
    const message = await eventually(async () => {
      const query = `involvedObject.uid=${sandbox.pod.uid},reason=AddressFreed`;
      const path = "jsonpath={.items[*].message}";
      return (
        (await world.kubernetes.kubectl("get", "events", "--field-selector", query, "-o", path)) || undefined
      );
    });
    expect(message).toMatch(
      /^freed 10\.1\.\d+\.\d+ \(network 'net1'\): node n\d+ is NotReady and tainted out-of-service$/,
    );
  }, 400_000);

  test("a node that was rebooted holds no longer what its old boot held", async () => {
    await using controller = await startController(world);
    await leaderOf([controller]);
    await twoRounds(controller);
    await world.forget(sandbox.pod.name);
    node.bootId = crypto.randomUUID();
    await world.report(node);
    await freed();
    await counted(controller, 'kube_ipam_controller_freed_addresses_total{fence="rebooted"}');
  }, 400_000);

  test("a node's end is seen at once, whatever the interval", async () => {
    await using controller = await startController(world, {}, 600);
    await leaderOf([controller]);
    await eventually(async () => ((await controller.metric(ROUNDS)) ?? 0) >= 1 || undefined, PATIENCE_MS);
    await world.forget(sandbox.pod.name);
    await world.kubernetes.kubectl("delete", "node", node.name);
    await freed();
  }, 400_000);

  test("unknown frees nothing: pods that may not be read, another cluster's records", async () => {
    await using controller = await startController(world);
    await leaderOf([controller]);
    await twoRounds(controller);
    const rule = await takeAwayPods(world);
    await world.forget(sandbox.pod.name);
    await world.kubernetes.kubectl("delete", "node", node.name);
    await twoRounds(controller);
    expect(await held()).toHaveLength(1);
    const cluster = await clusterOf();
    await rewrite((record) => ({ ...record, holder: { ...record.holder, cluster: "another" } }));
    await rule.giveBack();
    await twoRounds(controller);
    expect(await held()).toHaveLength(1);
    await rewrite((record) => ({ ...record, holder: { ...record.holder, cluster } }));
    await freed();
  }, 400_000);

  async function clusterOf(): Promise<string> {
    const name = "/api/v1/namespaces/kube-system";
    const namespace = await world.kubernetes.request<{ metadata: { uid: string } }>("GET", name);
    return namespace.metadata.uid;
  }
});

/** The role without the right to get pods, until it is given back. */
async function takeAwayPods({ kubernetes }: PodsOnNodes): Promise<{ giveBack(): Promise<void> }> {
  const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/kube-ipam-controller";
  const { rules } = await kubernetes.request<{ rules: { resources: string[] }[] }>("GET", path);
  const set = (value: object[]) =>
    kubernetes.request("PATCH", path, { rules: value }, "application/merge-patch+json");
  const narrowed = rules.filter((rule) => !rule.resources.includes("pods"));
  await set(narrowed);
  return { giveBack: async () => void (await set(rules)) };
}
