import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formatAddress } from "../../src/address/address.ts";
import { initStore } from "../../src/ipam/integrity/identity.ts";
import type { AllocationRecord, MetaRecord } from "../../src/ipam/records.ts";
import { refTo } from "../../src/ipam/ref-to.ts";
import type { Put, Store } from "../../src/ipam/store-port.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added } from "../kit/cni.ts";
import { type Controller, leaderOf, startController } from "../kit/controller.ts";
import { within } from "../kit/etcd-records.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod, workload } from "../kit/kubernetes-objects.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** Retention and gauges of the controller, on a real API server and a real etcd. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller's counts: ${missing}`, () => {});

const RANGE = 'space="default",source="network",name="net1",family="4"';
const POOL = 'space="default",source="pool",name="rack",family="4"';
const PATIENCE_MS = 120_000;

describe.skipIf(missing !== undefined)("the controller's retention and counts", () => {
  let world: PodsOnNodes;
  let store: Store;
  let node: ClusterNode;
  let controller: Controller;

  beforeAll(async () => {
    world = await podsOnNodes({ store: CLUSTER_STORE });
    store = await world.openStore();
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    };
    await world.kubernetes.apply(account);
    node = await world.node("n1", {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: {
        ...world.ipam,
        subnet: "10.1.2.0/24",
        rangeStart: "10.1.2.10",
        rangeEnd: "10.1.2.19",
        coolingSeconds: 600,
      },
    });
    controller = await startController(world, {
      pools: {
        rack: { ranges: [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.10", rangeEnd: "10.1.2.29" }]] },
      },
    });
    await leaderOf([controller]);
  }, 120_000);
  afterAll(async () => {
    await controller?.[Symbol.asyncDispose]();
    await store?.close();
    await world?.[Symbol.asyncDispose]();
  });

  async function attach(name: string, annotations = {}, ownerReferences: object[] = []): Promise<Sandbox> {
    const wish = { name, node: node.name, annotations, ownerReferences };
    await world.kubernetes.request("POST", "/api/v1/namespaces/default/pods", pod(wish));
    const sandbox = await node.makeSandbox(await world.find(name));
    added(await node.add(sandbox));
    return sandbox;
  }

  async function end(sandbox: Sandbox): Promise<void> {
    await node.end(sandbox);
    await world.forget(sandbox.pod.name);
  }

  async function reserved(): Promise<string[]> {
    const found: string[] = [];
    for await (const { ref } of store.list({ kind: "reservation" }, within(10_000)))
      found.push(formatAddress(ref.address));
    return found;
  }

  /** A metric that comes to have this value, whatever it was before. */
  const becomes = (name: string, value: number) =>
    eventually(async () => ((await controller.metric(name)) === value ? true : undefined), PATIENCE_MS);

  const rounds = async (work: string) =>
    (await controller.metric(`kube_ipam_controller_rounds_total{work="${work}",outcome="done"}`)) ?? 0;

  async function twoRounds(work: string): Promise<void> {
    const before = await rounds(work);
    await eventually(async () => ((await rounds(work)) >= before + 2 ? true : undefined), PATIENCE_MS);
  }

  test("ranges and pools are counted as they fill", async () => {
    const dynamic = await attach("plain");
    const fixed = await attach("fixed", { "kube-ipam.ip": "10.1.2.15" });
    for (const labels of [RANGE, POOL]) {
      await becomes(`kube_ipam_range_allocated_addresses{${labels}}`, 2);
      await becomes(`kube_ipam_range_reserved_addresses{${labels}}`, 1);
    }
    expect(await controller.metric(`kube_ipam_range_addresses{${RANGE}}`)).toBe(10);
    expect(await controller.metric(`kube_ipam_range_addresses{${POOL}}`)).toBe(20);
    expect(await controller.metric(`kube_ipam_range_free_addresses{${RANGE}}`)).toBe(8);
    await end(dynamic);
    await becomes(`kube_ipam_range_cooling_addresses{${RANGE}}`, 1);
    await becomes(`kube_ipam_range_allocated_addresses{${RANGE}}`, 1);
    await end(fixed);
    await becomes(`kube_ipam_range_reserved_addresses{${RANGE}}`, 0);
  }, 300_000);

  test("a leak is counted while it lasts, and its age grows", async () => {
    const sandbox = await attach("leaky");
    await world.forget("leaky");
    await becomes('kube_ipam_findings{kind="leak"}', 1);
    await eventually(
      async () => ((await controller.metric("kube_ipam_oldest_leak_seconds")) ?? 0) > 2 || undefined,
    );
    await node.end(sandbox);
    await becomes('kube_ipam_findings{kind="leak"}', 0);
    await becomes("kube_ipam_oldest_leak_seconds", 0);
  }, 300_000);

  test("one address with two living holders is counted as a duplicate", async () => {
    const [one, other] = [await attach("one"), await attach("other")];
    const found = await Array.fromAsync(store.list({ kind: "allocation" }, within(10_000)));
    const [first, second] = found;
    if (first === undefined || second === undefined) throw new Error("expected two allocations");
    const both = { ...first.record, holders: [...first.record.holders, ...second.record.holders] };
    const write = (record: AllocationRecord) =>
      store.commit({ guards: [], puts: [{ ref: first.ref, record }], deletes: [] }, within(10_000));
    await write(both);
    await becomes('kube_ipam_findings{kind="duplicate"}', 1);
    await write(first.record);
    await becomes('kube_ipam_findings{kind="duplicate"}', 0);
    await end(one);
    await end(other);
  }, 300_000);

  test("a store that a node found thrown back is told, with an Event on that Node, until it is recovered", async () => {
    const { meta } = await initStore({ store }, within(10_000));
    const write = (record: MetaRecord) =>
      store.commit({ guards: [], puts: [{ ref: refTo.meta, record }], deletes: [] }, within(10_000));
    await write({ ...meta, state: "suspect", suspicion: { node: "n1", why: "it is older", since: "now" } });
    await becomes("kube_ipam_store_suspect", 1);
    const told = await eventually(async () => {
      const { items } = await world.kubernetes.request<{ items: { reason: string; message: string }[] }>(
        "GET",
        "/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind=Node,involvedObject.name=n1",
      );
      return items.find(({ reason }) => reason === "StoreSuspect")?.message;
    }, PATIENCE_MS);
    expect(told).toStartWith("node n1 has stopped all nodes: it is older; run 'kube-ipam recover'");
    await write(meta);
    await becomes("kube_ipam_store_suspect", 0);
  }, 300_000);

  test("K232: what a newer program wrote counts as a record that cannot be read, and stops nothing", async () => {
    const ref = refTo.attachment("n9", { network: "net1", container: "newer", ifname: "eth0" });
    const newer = { ref, record: { version: 9, space: "default", addresses: [] } } as unknown as Put;
    await store.commit({ guards: [], puts: [newer], deletes: [] }, within(10_000));
    await becomes('kube_ipam_findings{kind="damaged"}', 1);
    const sandbox = await attach("beside");
    await becomes(`kube_ipam_range_allocated_addresses{${RANGE}}`, 1);
    await end(sandbox);
    await becomes(`kube_ipam_range_allocated_addresses{${RANGE}}`, 0);
  }, 300_000);

  test("a workload's address stays reserved while it exists, and for its retention", async () => {
    await world.kubernetes.apply(workload("StatefulSet", "db", { serviceName: "db" }));
    const [reference, other] = [await referenceTo("db"), await referenceTo("db")];
    const sandboxes = [
      await attach("db-0", { "kube-ipam.ip": "10.1.2.100" }, [reference]),
      await attach("db-1", { "kube-ipam.ip": "10.1.2.101", "kube-ipam.retain": "30s" }, [other]),
      await attach("db-2", { "kube-ipam.ip": "10.1.2.102", "kube-ipam.retain": "keep" }, [other]),
    ];
    for (const sandbox of sandboxes) await end(sandbox);
    await twoRounds("retention");
    expect(await reserved()).toEqual(["10.1.2.100", "10.1.2.101", "10.1.2.102"]);
    await world.kubernetes.kubectl("delete", "statefulset", "db");
    await eventually(async () => ((await reserved()).length === 2 ? true : undefined), PATIENCE_MS);
    expect(await reserved()).toEqual(["10.1.2.101", "10.1.2.102"]);
    await eventually(async () => ((await reserved()).length === 1 ? true : undefined), PATIENCE_MS);
    await twoRounds("retention");
    expect(await reserved()).toEqual(["10.1.2.102"]);
    const ended = (reason: string) => `kube_ipam_controller_reservations_ended_total{reason="${reason}"}`;
    expect(await controller.metric(ended("retention-over"))).toBe(1);
  }, 300_000);

  async function referenceTo(name: string): Promise<object> {
    const path = `/apis/apps/v1/namespaces/default/statefulsets/${name}`;
    const { metadata } = await world.kubernetes.request<{ metadata: { uid: string } }>("GET", path);
    return { apiVersion: "apps/v1", kind: "StatefulSet", name, uid: metadata.uid, controller: true };
  }
});
