import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { evidenceId } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord, Holder, NamespaceId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { nodeFacts, podFacts } from "../testing/hand-over.ts";
import { allocations, attachment, createWorld, del } from "../testing/world.ts";
import { adoptImported, importedId, type RuntimeNotes } from "./adopt.ts";
import { reclaim } from "./reclaim.ts";

const CLUSTER = "cluster-1";
const soon = () => ({ deadline: performance.now() + 10_000 });

function world() {
  const made = createWorld();
  const node = made.node("n1");
  const cluster = new FakeCluster(CLUSTER);
  return { node, cluster, ports: made.ports(node, cluster, CLUSTER) };
}

/** As an import writes it. */
async function imported(ports: Ports, container: string, address: string, more: Partial<Holder> = {}) {
  const holder: Holder = {
    attachment: attachment(container),
    pod: { namespace: "default", name: container, uid: `uid-${container}` },
    node: "n1",
    nodeVerified: true,
    bootId: "",
    namespace: { path: "" },
    requestId: importedId("whereabouts", container),
    cluster: CLUSTER,
    ...more,
  };
  const base = { version: 1, origin: "dynamic" } as const;
  const record: AttachmentRecord = {
    ...base,
    space: "default",
    addresses: [address],
    prefixes: [24],
    gateways: [null],
    holder,
  };
  await ports.store.commit(
    {
      guards: [],
      puts: [
        { ref: refTo.attachment(holder.node, holder.attachment), record },
        {
          ref: { kind: "allocation", space: "default", address: parseAddress(address) },
          record: { ...base, holders: [holder], since: "" },
        },
      ],
      deletes: [],
    },
    soon(),
  );
}

function notes(namespaces: Readonly<Record<string, NamespaceId | undefined>>, trusted = true): RuntimeNotes {
  return {
    namespaceOf: (container) => namespaces[container],
    containerOf: ({ uid }) => Object.keys(namespaces).find((container) => uid === `uid-${container}`),
    knows: (container) => Object.hasOwn(namespaces, container),
    trusted,
  };
}

const sweep = (ports: Ports) => reclaim(ports, { records: 9, sweep: true, ...soon() });
const held = async (ports: Ports) => [...(await allocations(ports)).keys()];

test("nothing is known of an imported attachment's namespace, so nothing frees it but its DEL", async () => {
  const { ports } = world();
  await imported(ports, "c1", "10.1.2.9");
  expect(await sweep(ports)).toBe(0);
  await del(ports, "c1");
  expect(await held(ports)).toEqual([]);
});

test("once the runtime's notes tell the namespace, its end is noticed: a DEL to the old plugin leaves nothing", async () => {
  const { node, ports } = world();
  await imported(ports, "c1", "10.1.2.9");
  node.createNamespace("/run/netns/c1");
  const known = notes({ c1: node.identifyNamespace("/run/netns/c1") });
  expect(await adoptImported(known, ports, soon())).toMatchObject({ adopted: 1, freed: 0 });
  expect(await adoptImported(known, ports, soon())).toMatchObject({ adopted: 0, freed: 0 });
  expect(await sweep(ports)).toBe(0);
  node.removeNamespace("/run/netns/c1");
  // The journal knows it now: no sweep of the store is needed.
  expect(await reclaim(ports, { records: 9, ...soon() })).toBe(1);
  expect(await held(ports)).toEqual([]);
});

test("a reboot ends it, whatever its namespace was", async () => {
  const { node, ports } = world();
  await imported(ports, "c1", "10.1.2.9");
  await adoptImported(notes({}, false), ports, soon());
  expect(await sweep(ports)).toBe(0);
  node.reboot();
  expect(await sweep(ports)).toBe(1);
});

test("K193: what the runtime does not know yet stays open, and what is complete does not", async () => {
  const { cluster, node, ports } = world();
  cluster.addPod(podFacts({ name: "c2", uid: "uid-c2", nodeName: "n1" }));
  await imported(ports, "c1", "10.1.2.9");
  await imported(ports, "c2", "10.1.2.10");
  node.createNamespace("/run/netns/c1");
  const known = notes({ c1: node.identifyNamespace("/run/netns/c1") });
  await adoptImported(known, ports, soon());
  expect(await adoptImported(known, ports, soon())).toMatchObject({ open: 1 });
  node.createNamespace("/run/netns/c2");
  const all = notes({ c2: node.identifyNamespace("/run/netns/c2") });
  await adoptImported(all, ports, soon());
  expect(await adoptImported(all, ports, soon())).toEqual({ adopted: 0, freed: 0, open: 0 });
});

test("a DEL that the old plugin had before is believed by two words together", async () => {
  const { cluster, ports } = world();
  await imported(ports, "c1", "10.1.2.9");
  cluster.addPod(podFacts({ name: "c1", uid: "uid-c1", nodeName: "n1" }));
  const forgotten = notes({ other: undefined });
  expect((await adoptImported(forgotten, ports, soon())).freed).toBe(0);
  cluster.pods.clear();
  expect((await adoptImported(notes({ c1: undefined }), ports, soon())).freed).toBe(0);
  expect((await adoptImported(notes({}, false), ports, soon())).freed).toBe(0);
  expect(await adoptImported(forgotten, ports, soon())).toMatchObject({ adopted: 0, freed: 1 });
  expect(await held(ports)).toEqual([]);
});

test("M4: where the import knew only the pod, the runtime's notes tell its container: without it the pod's end alone frees nothing", async () => {
  const { cluster, node, ports } = world();
  const unseen = evidenceId("uid-c1", "10.1.2.9");
  const pod = { namespace: "default", name: "c1", uid: "uid-c1" };
  await imported(ports, unseen, "10.1.2.9", { pod });
  node.createNamespace("/run/netns/c1");
  const namespace = node.identifyNamespace("/run/netns/c1");
  // Its pod was deleted by force: the API server's word is not enough while the runtime has the container.
  expect(await adoptImported(notes({ c1: namespace }), ports, soon())).toMatchObject({
    adopted: 1,
    freed: 0,
  });
  expect(await sweep(ports)).toBe(0);
  node.removeNamespace("/run/netns/c1");
  expect(await sweep(ports)).toBe(1);

  await imported(ports, unseen, "10.1.2.9", { pod });
  expect((await adoptImported(notes({ c1: undefined }), ports, soon())).freed).toBe(0);
  cluster.addPod(podFacts({ name: "c1", uid: "uid-c1", nodeName: "n1" }));
  expect((await adoptImported(notes({ other: undefined }), ports, soon())).freed).toBe(0);
  cluster.pods.clear();
  expect((await adoptImported(notes({ other: undefined }), ports, soon())).freed).toBe(1);
});

test("K40 a machine that was given another one's name adopts and frees nothing of that one's", async () => {
  const { node, ports, cluster } = world();
  await imported(ports, "c1", "10.1.2.9");
  cluster.nodes.set("n1", nodeFacts({ bootId: "of the real n1" }));
  expect(await adoptImported(notes({ seen: undefined }), ports, soon())).toMatchObject({
    adopted: 0,
    freed: 0,
  });
  cluster.nodes.set("n1", nodeFacts({ bootId: node.bootId }));
  expect(await adoptImported(notes({ seen: undefined }), ports, soon())).toMatchObject({
    adopted: 0,
    freed: 1,
  });
});

test("who may be another node's, or another cluster's, is left alone", async () => {
  const { node, ports } = world();
  await imported(ports, "guess", "10.1.2.9", {
    nodeVerified: false,
    pod: { namespace: "default", name: "x" },
  });
  await imported(ports, "foreign", "10.1.2.10", { cluster: "cluster-2" });
  await imported(ports, "other", "10.1.2.11", { node: "n2" });
  expect(await adoptImported(notes({ seen: undefined }), ports, soon())).toMatchObject({
    adopted: 0,
    freed: 0,
  });
  node.reboot();
  expect(await sweep(ports)).toBe(0);
  expect(await adoptImported(notes({ guess: undefined }), ports, soon())).toMatchObject({
    adopted: 1,
    freed: 0,
  });
});

const PODLESS = { pod: undefined as never, nodeVerified: false };

test("K81: a container without a pod is adopted by the machine that imported it, or whose runtime knows it", async () => {
  const { node, ports } = world();
  await imported(ports, "nobody-said", "10.1.2.9", PODLESS);
  await imported(ports, "known", "10.1.2.10", PODLESS);
  await imported(ports, "mine", "10.1.2.11", { ...PODLESS, machine: node.machineId() });
  await imported(ports, "of-a-namesake", "10.1.2.12", { ...PODLESS, machine: "another" });
  const seen = notes({ known: undefined, "of-a-namesake": undefined });
  expect(await adoptImported(seen, ports, soon())).toMatchObject({ adopted: 2, freed: 0 });
  node.reboot();
  await sweep(ports);
  expect(await held(ports)).toEqual(["10.1.2.9", "10.1.2.12"]);
});

test("K82: a node that may not read the cluster's UID adopts the pods that its API server knows", async () => {
  const made = createWorld();
  const node = made.node("n1");
  const cluster = new FakeCluster(CLUSTER);
  const ports = made.ports(node, cluster, "authority-abc");
  await imported(ports, "c1", "10.1.2.9");
  await imported(ports, "c2", "10.1.2.10");
  cluster.addPod(podFacts({ name: "c1", uid: "uid-c1", nodeName: "n1" }));
  cluster.addPod(podFacts({ name: "c2", uid: "of another cluster", nodeName: "n1" }));
  node.createNamespace("/run/netns/c1");
  const seen = notes({ c1: node.identifyNamespace("/run/netns/c1"), c2: undefined });
  expect(await adoptImported(seen, ports, soon())).toMatchObject({ adopted: 1, freed: 0 });
  node.removeNamespace("/run/netns/c1");
  cluster.pods.clear();
  expect(await adoptImported(notes({ other: undefined }), ports, soon())).toMatchObject({
    adopted: 0,
    freed: 0,
  });
  expect(await sweep(ports)).toBe(1);
  expect(await held(ports)).toEqual(["10.1.2.10"]);
});
