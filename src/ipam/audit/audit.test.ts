import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { PodFacts } from "../cluster-port.ts";
import type { AllocationRecord, AttachmentRecord, OwnerRecord, Ref } from "../records.ts";
import { reserveAddress } from "../reserve/reserve.ts";
import { unreserveAddress } from "../reserve/unreserve.ts";
import { allocationRef, auditedWorld, CLUSTER } from "../testing/audited.ts";
import { calledBy } from "../testing/called-by.ts";
import { instanceReference, nodeFacts } from "../testing/hand-over.ts";
import { readRecords } from "../testing/read-records.ts";
import { add, attachment, del, named, smallNetwork } from "../testing/world.ts";
import { audit, lasting } from "./audit.ts";
import type { Audit, AuditInput } from "./types.ts";

/** Each kind of finding is made to happen, by real ADDs and what then goes wrong; and nothing else is found. */

type World = ReturnType<typeof auditedWorld>;

const texts = ({ findings }: Audit) =>
  findings.map(({ kind, reason, address }) => `${kind} ${reason} ${address}`);
const found = async (world: World, change: Partial<AuditInput> = {}) => texts(await world.look(change));

const OWNED = {
  wish: {
    ...named("10.1.2.7"),
    owner: { owner: { kind: "StatefulSet", namespace: "default", name: "db", uid: "u1" } },
  },
};

test("a healthy cluster: nothing is found", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("b", { node: "n2" });
  await world.run("fixed", OWNED);
  world.setPod("starting", { nodeName: "n1" });
  world.setPod("main-network-of-others", { podIPs: ["10.244.0.7"] });
  world.setPod("on-the-host", { podIPs: ["10.1.2.200"], hostNetwork: true });
  world.setPod("done", { podIPs: ["10.1.2.201"], finished: true });
  world.setPod("ended-by-its-DEL", { podIPs: ["10.1.2.2"], deleting: true });
  const { findings, judged, unjudged } = await world.look({ here: world.nodes.n1 });
  expect(findings).toEqual([]);
  expect([judged, unjudged]).toEqual([{ allocations: 3, pods: 8 }, 0]);
});

test("J46: wish: a running pod has not got an address that it names", async () => {
  const world = auditedWorld();
  const lost = { annotations: { "kube-ipam.ip/net1": "10.9.0.5" } };
  await world.run("lost");
  world.setPod("lost", lost);
  const look = await world.look();
  expect(texts(look)).toEqual(["wish not-given 10.9.0.5"]);
  expect(look.findings[0]?.what).toBe(
    "pod default/lost names 10.9.0.5 (kube-ipam.ip/net1), but none of its interfaces has it",
  );
  for (const change of [{ finished: true }, { deleting: true }, { podIPs: [] }]) {
    world.setPod("lost", { ...lost, podIPs: ["10.1.2.2"], finished: false, deleting: false, ...change });
    expect((await found(world)).filter((text) => text.startsWith("wish"))).toEqual([]);
  }
  world.setPod("elsewhere", { ...lost, podIPs: ["10.244.0.9"] });
  expect(await found(world)).toEqual([]);
});

test("J44: no wish is lost that another one goes before, or that a list has", async () => {
  const world = auditedWorld();
  await world.run("scoped", { wish: named("10.1.2.7") });
  world.setPod("scoped", { annotations: { "kube-ipam.ip/eth0": "10.1.2.7", "kube-ipam.ip": "10.1.2.8" } });
  await world.run("listed", { wish: named("10.1.2.9") });
  world.setPod("listed", { annotations: { "kube-ipam.ips": "10.1.2.9-10.1.2.12,fd00::9" } });
  await world.run("broken");
  world.setPod("broken", { annotations: { "kube-ipam.ip": "x", "kube-ipam.ipp": "10.1.2.8" } });
  expect(await found(world)).toEqual([]);
  world.setPod("listed", { annotations: { "kube-ipam.ips": "10.1.2.10-10.1.2.12" } });
  expect(await found(world)).toEqual(["wish not-given 10.1.2.10"]);
});

test("a namespace's share of a pool is counted like an owner, and reserves nothing", async () => {
  const world = auditedWorld();
  const network = { ...smallNetwork(), policy: { pool: "db", maxPerNamespace: 9 } };
  await world.run("a", { network });
  expect(await found(world)).toEqual([]);
});

test("leak: the pod is gone, and its node may be fenced", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.removePod("a");
  const look = await world.look();
  expect(texts(look)).toEqual(["leak pod-gone 10.1.2.2"]);
  expect(look.findings[0]).toMatchObject({ fenced: false, holder: { pod: { name: "a" }, node: "n1" } });
  expect(look.findings[0]?.what).toBe(
    "10.1.2.2 is held by interface eth0 of container c-a in network 'net1' (pod default/a) on node n1, but that pod is gone",
  );
  world.nodeObjects.set("n1", nodeFacts({ ready: "unknown" }));
  expect((await world.look()).findings[0]?.remedy).toContain("node n1 is NotReady and not fenced");
});

test("leak: of a node whose name was verified, and which is fenced, anybody may free it", async () => {
  const world = auditedWorld();
  const pod = world.setPod("a", { nodeName: "n1" });
  await world.run("a", { wish: { pod } });
  world.removePod("a");
  world.nodeObjects.delete("n1");
  const [finding] = (await world.look()).findings;
  expect(finding).toMatchObject({ reason: "pod-gone", fenced: true });
  expect(finding?.remedy).toBe("its node is fenced: the controller or 'kube-ipam gc' frees it");
});

test("leak: the pod was replaced, or has finished", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("job");
  world.setPod("a", { uid: "another", podIPs: [] });
  world.setPod("job", { finished: true });
  expect(await found(world)).toEqual(["leak pod-replaced 10.1.2.2", "leak pod-finished 10.1.2.3"]);
});

test("leak: the pod is on another node; one that shows the address only has a wrongly named node", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.setPod("a", { nodeName: "n2" });
  expect(await found(world)).toEqual(["unknown node-name 10.1.2.2"]);
  world.setPod("a", { podIPs: [] });
  expect(await found(world)).toEqual(["leak pod-elsewhere 10.1.2.2"]);
});

test("leak: this node sees that the namespace is gone, also without Kubernetes", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("b", { node: "n2" });
  world.nodes.n1.removeNamespace("/run/netns/c-a");
  world.nodes.n2.removeNamespace("/run/netns/c-b");
  expect(await found(world, { here: world.nodes.n1 })).toEqual(["leak namespace-gone 10.1.2.2"]);
  const records = await recordsOf(world);
  const alone = audit({ records, clusterNames: calledBy(CLUSTER), here: world.nodes.n1 });
  expect([texts(alone), alone.unjudged]).toEqual([["leak namespace-gone 10.1.2.2"], 1]);
});

test("a record that names no cluster may be another's: this node does not judge it by its own namespaces", async () => {
  const world = auditedWorld();
  const { clusterNames: _, ...unnamed } = world.ports.n1;
  await add(unnamed, "c");
  world.nodes.n1.removeNamespace("/run/netns/c");
  const { findings, unjudged } = await world.look({ here: world.nodes.n1 });
  expect([findings, unjudged]).toEqual([[], 1]);
});

test("leak: an earlier sandbox of a pod that shows another address now", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("a", { container: "again" });
  expect(await found(world)).toEqual(["leak earlier-sandbox 10.1.2.2"]);
  world.setPod("a", { podIPs: [] });
  expect(await found(world)).toEqual([
    "unknown several-sandboxes 10.1.2.2",
    "unknown several-sandboxes 10.1.2.3",
  ]);
});

test("both interfaces of one pod to one network are no sandboxes of each other", async () => {
  const world = auditedWorld();
  const [first = ""] = await world.run("a");
  const [second = ""] = await world.run("a", { ifname: "net1" });
  world.setPod("a", {
    podIPs: [first],
    annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify([{ name: "x/net1", ips: [second] }]) },
  });
  expect(await found(world)).toEqual([]);
});

test("duplicate: two holders that live", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("b", { node: "n2", wish: named("10.1.2.9") });
  const ref = allocationRef("10.1.2.2");
  const record = await world.read<"allocation">(ref);
  const other = await world.read<"allocation">(allocationRef("10.1.2.9"));
  const holders = [...(record?.holders ?? []), ...(other?.holders ?? [])];
  await world.damage({ puts: [{ ref, record: { ...record, holders } }] });
  expect(await found(world)).toContain("duplicate two-holders 10.1.2.2");
  // Launchers of one virtual machine share it while the machine moves.
  for (const name of ["a", "b"]) world.setPod(name, { ownerReferences: [instanceReference("vmi")] });
  expect(await found(world)).not.toContain("duplicate two-holders 10.1.2.2");
  world.setPod("b", { ownerReferences: [instanceReference("another")] });
  expect(await found(world)).toContain("duplicate two-holders 10.1.2.2");
  const records = await recordsOf(world);
  expect(texts(audit({ records, clusterNames: calledBy(CLUSTER) }))).toContain(
    "unknown several-holders 10.1.2.2",
  );
});

test("duplicate: two pods show one address", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.setPod("thief", { podIPs: ["10.1.2.2"] });
  expect(await found(world)).toEqual(["duplicate shown-by-two 10.1.2.2"]);
  // Neither is in the store: all the worse.
  world.setPod("c", { podIPs: ["10.1.2.50"] });
  world.setPod("d", { podIPs: ["10.1.2.50"] });
  expect(await found(world)).toContain("duplicate shown-by-two 10.1.2.50");
});

test("duplicate: an interface of Multus shows what another pod holds", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.setPod("a", { podIPs: [] });
  world.setPod("thief", {
    annotations: {
      "k8s.v1.cni.cncf.io/network-status": JSON.stringify([
        { name: "default/net1", interface: "net1", ips: ["10.1.2.2"] },
      ]),
    },
  });
  expect(await found(world)).toEqual(["duplicate held-by-other 10.1.2.2"]);
});

test("one address in two address spaces is two addresses", async () => {
  const world = auditedWorld();
  const isolated = { ...smallNetwork(), name: "isolated", space: "lab" };
  await world.run("a");
  await world.run("b", { node: "n2", network: isolated });
  expect(await found(world)).toEqual([]);
  const status = (name: string, ip: string) => ({
    podIPs: [],
    annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify([{ name, ips: [ip] }]) },
  });
  world.setPod("c", status("default/isolated", "10.1.2.77"));
  const [finding] = (await world.look()).findings;
  expect(finding).toMatchObject({ reason: "not-held", space: "lab" });
});

test("unknown: a pod shows an address that the store holds for nobody", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.setPod("lost", { podIPs: ["10.1.2.99"] });
  expect(await found(world)).toEqual(["unknown not-held 10.1.2.99"]);
  world.setPod("lost", { podIPs: ["10.9.9.9"] });
  expect(await found(world)).toEqual([]);
  const network = {
    name: "other",
    space: "default",
    subnets: [{ address: { family: 4, value: 0x0a090900n }, prefix: 24 }],
  } as const;
  expect(await found(world, { networks: [network] })).toEqual(["unknown not-held 10.9.9.9"]);
});

test("a record taken over from another plugin names no pod: the pod of its node has it", async () => {
  const world = auditedWorld();
  await add(world.ports.n1, "imported", {});
  world.setPod("a", { nodeName: "n1", podIPs: ["10.1.2.2"] });
  expect(await found(world)).toEqual([]);
  world.setPod("a", { nodeName: "n2" });
  expect(await found(world)).toEqual(["duplicate held-by-other 10.1.2.2"]);
});

test("another cluster's holders are not judged, but count as alive", async () => {
  const world = auditedWorld();
  await world.run("a");
  world.removePod("a");
  world.setPod("b", { podIPs: ["10.1.2.2"] });
  const look = await world.look({ clusterNames: calledBy("cluster-2"), here: world.nodes.n1 });
  expect(texts(look)).toEqual(["duplicate held-by-other 10.1.2.2"]);
  expect(look.unjudged).toBe(1);
});

test("K54: a holder whose pod's UID the API shows is judged, whatever substitute its cluster goes by", async () => {
  const world = auditedWorld();
  const b = world.setPod("b");
  world.nodeObjects.clear();
  const unknown = { ...world.ports.n2, clusterNames: calledBy("authority-a") };
  await add(unknown, "c", { pod: { namespace: b.namespace, name: b.name, uid: b.uid } });
  world.setPod("b", { nodeName: "n2", podIPs: ["10.1.2.2"] });
  expect((await world.look()).unjudged).toBe(0);
  world.setPod("b", { uid: "uid-other" });
  expect((await world.look()).unjudged).toBe(1);
});

test("K54: an audit tells where all that a node of this name holds is another cluster's", async () => {
  const world = auditedWorld();
  const here = world.nodes.n1;
  world.nodeObjects.clear();
  const strangers = async () => (await world.look({ here })).strangersHere;
  expect(await strangers()).toBeUndefined();
  const unknown = { ...world.ports.n1, clusterNames: calledBy("authority-a") };
  await add(unknown, "c");
  expect(await strangers()).toBeUndefined();
  here.reboot();
  expect(await strangers()).toEqual(["authority-a"]);
  await world.run("a");
  expect(await strangers()).toBeUndefined();
});

test("inconsistent: allocation and attachment must name each other", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("b");
  await world.run("c");
  const entry = (name: string) => ({ kind: "attachment", node: "n1", id: attachment(`c-${name}`) }) as const;
  await world.damage({ deletes: [entry("a"), allocationRef("10.1.2.3")] });
  const record = await world.read<"attachment">(entry("c"));
  const changed = { ...record, holder: { ...(record as AttachmentRecord).holder, requestId: "another" } };
  await world.damage({ puts: [{ ref: entry("c"), record: changed }] });
  expect(await found(world)).toEqual([
    "inconsistent no-attachment 10.1.2.2",
    "inconsistent no-allocation 10.1.2.3",
    "unknown not-held 10.1.2.3",
    "inconsistent attachment-differs 10.1.2.4",
  ]);
});

test("inconsistent: an allocation without any holder", async () => {
  const world = auditedWorld();
  const ref = allocationRef("10.1.2.40");
  const record: AllocationRecord = { version: 1, holders: [], origin: "dynamic", since: "" };
  await world.damage({ puts: [{ ref, record }] });
  expect(await found(world)).toEqual(["inconsistent no-holder 10.1.2.40"]);
});

test("inconsistent: reservations and their owners' records must agree", async () => {
  const world = auditedWorld();
  await world.run("fixed", OWNED);
  const ref = { kind: "owner", space: "default", owner: OWNED.wish.owner.owner } as const;
  const record = (await world.read<"owner">(ref)) as OwnerRecord;
  await world.damage({ puts: [{ ref, record: { ...record, addresses: [] } }] });
  expect(await found(world)).toEqual(["inconsistent owner-lacks-address 10.1.2.7"]);
  await world.damage({ puts: [{ ref, record: { ...record, addresses: ["10.1.2.7", "10.1.2.8"] } }] });
  expect(await found(world)).toEqual(["inconsistent owner-lists-unreserved 10.1.2.8"]);
  // A workload made again under its name does not inherit: the old one's reservation ends by itself.
  const again = { ...record, owner: { ...record.owner, uid: "u2" }, addresses: [] };
  await world.damage({ puts: [{ ref, record: again }] });
  expect(await found(world)).toEqual([]);
});

test("an operator may reserve for a pod and end that again, while the pod's workload knows the address", async () => {
  const world = auditedWorld();
  const soon = { deadline: performance.now() + 10_000 };
  const wish = {
    space: "default",
    owner: { kind: "Pod", namespace: "default", name: "fixed" },
    retain: "keep",
    evenIfHeld: false,
    requireInit: false,
  } as const;
  await reserveAddress(parseAddress("10.1.2.7"), wish, world.ports.n1, soon);
  await world.run("fixed", OWNED);
  expect(await found(world)).toEqual([]);
  await unreserveAddress(parseAddress("10.1.2.7"), wish, world.ports.n1, soon);
  expect(await found(world)).toEqual([]);
});

test("an owner that could not be asked for leaves reservation and owner's record as they agree", async () => {
  const world = auditedWorld();
  await world.run("fixed", OWNED);
  await del(world.ports.n1, "c-fixed");
  world.removePod("fixed");
  const provisional = { owner: { kind: "Pod", namespace: "default", name: "other" }, provisional: true };
  await world.run("other", { wish: { ...OWNED.wish, owner: provisional } });
  expect(await found(world)).toEqual([]);
});

test("only what a second look finds again lasts", async () => {
  const world = auditedWorld();
  await world.run("a");
  await world.run("b");
  world.removePod("a");
  const first = (await world.look()).findings;
  world.removePod("b");
  world.setPod("a", { nodeName: "n1", podIPs: ["10.1.2.2"] });
  const second = (await world.look()).findings;
  expect(first.map(({ address }) => address)).toEqual(["10.1.2.2"]);
  expect(second.map(({ address }) => address)).toEqual(["10.1.2.3"]);
  expect(lasting(first, second)).toEqual([]);
  expect(lasting(second, second)).toEqual([...second]);
});

test("static pods are known by the kubelet's annotation", async () => {
  const world = auditedWorld();
  const mirror: Partial<PodFacts> = { uid: "uid-a", mirror: true };
  await world.run("a");
  world.setPod("a", {
    ...mirror,
    uid: "of-the-mirror",
    annotations: { "kubernetes.io/config.hash": "uid-a" },
  });
  expect(await found(world)).toEqual([]);
});

async function recordsOf(world: World): Promise<AuditInput["records"]> {
  return readRecords(world.ports.n1.store, { deadline: performance.now() + 5_000 });
}

describe("damaged: a record that cannot be read is a finding, and contradicts nothing else", () => {
  const address = parseAddress("10.1.2.7");
  const db = { kind: "StatefulSet", namespace: "default", name: "db" };
  test.each<[string, Ref, string]>([
    ["attachment", { kind: "attachment", node: "n1", id: attachment("c-fixed") }, "damaged damaged "],
    ["allocation", allocationRef("10.1.2.7"), "damaged damaged 10.1.2.7"],
    ["reservation", { kind: "reservation", space: "default", address }, "damaged damaged 10.1.2.7"],
    ["owner", { kind: "owner", space: "default", owner: db }, "damaged damaged "],
    ["network", { kind: "network", name: "net1" }, "damaged damaged "],
    ["ranges", { kind: "reservedRanges", space: "default" }, "damaged damaged "],
  ])("%s", async (_, ref, expected) => {
    const world = auditedWorld();
    await world.run("a");
    await world.run("fixed", OWNED);
    world.ruin(ref);
    const [before, after] = [await world.look(), await world.look()];
    expect(texts(before)).toEqual([expected]);
    expect(lasting(before.findings, after.findings)).toEqual([...after.findings]);
    expect(after.findings[0]?.remedy).not.toBe("");
  });

  test("and what else is wrong is found", async () => {
    const world = auditedWorld();
    await world.run("a");
    await world.run("b");
    world.ruin(allocationRef("10.1.2.2"));
    world.removePod("b");
    expect(await found(world)).toEqual(["damaged damaged 10.1.2.2", "leak pod-gone 10.1.2.3"]);
  });
});
