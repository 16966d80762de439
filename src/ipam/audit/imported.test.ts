import { expect, test } from "bun:test";
import { importedId } from "../free/adopt.ts";
import type { AllocationRecord, AttachmentRecord, Holder } from "../records.ts";
import { allocationRef, auditedWorld, CLUSTER } from "../testing/audited.ts";
import { attachment } from "../testing/world.ts";
import { UNKNOWN } from "../unknown-holder.ts";
import type { Audit, AuditInput } from "./types.ts";

/** What an import holds, before any ADD: the store has no record of the network. */

type World = ReturnType<typeof auditedWorld>;

function holderOf(container: string, change: Partial<Holder> = {}): Holder {
  return {
    attachment: attachment(container),
    node: "n1",
    nodeVerified: false,
    bootId: "",
    namespace: { path: "" },
    requestId: importedId("host-local", container),
    cluster: CLUSTER,
    ...change,
  };
}

async function held(world: World, address: string, holder: Holder, prefix = 24) {
  const base = { version: 1, origin: "dynamic" as const };
  const allocation: AllocationRecord = { ...base, holders: [holder], since: "" };
  const { node, attachment: id } = holder;
  const record: AttachmentRecord = {
    ...base,
    space: "default",
    addresses: [address],
    prefixes: [prefix],
    gateways: [null],
    holder,
  };
  await world.damage({
    puts: [
      { ref: allocationRef(address), record: allocation },
      { ref: { kind: "attachment", node, id }, record },
    ],
  });
}

const texts = ({ findings }: Audit) =>
  findings.map(({ kind, reason, address }) => `${kind} ${reason} ${address}`);
const runtime = (...known: string[]) => ({ trusted: true, knows: (each: string) => known.includes(each) });
const withoutCluster = { live: undefined } as unknown as Partial<AuditInput>;

test("M26: a holder whose container or node is not known is told, with the way out", async () => {
  const world = auditedWorld();
  await held(world, "10.1.2.5", holderOf(UNKNOWN));
  await held(world, "10.1.2.6", holderOf("c6", { node: UNKNOWN }));
  for (const change of [{}, withoutCluster]) {
    const look = await world.look(change);
    expect(texts(look)).toEqual(["unknown unknown-holder 10.1.2.5", "unknown unknown-holder 10.1.2.6"]);
    expect(look.findings[0]?.remedy).toBe(
      "if nothing uses the address for certain, run 'kube-ipam ip release --force 10.1.2.5'",
    );
    expect(look.unjudged).toBe(0);
  }
  world.setPod("of-any-node", { nodeName: "n2", podIPs: ["10.1.2.6"] });
  expect(texts(await world.look())).toHaveLength(2);
  world.setPod("p", { nodeName: "n1", podIPs: ["10.1.2.5"] });
  const [finding] = (await world.look()).findings;
  expect(finding?.what).toEndWith("no DEL will free it, and pod default/p on node n1 shows it");
  expect(finding?.remedy).toStartWith("once that pod is gone");
});

test("an unknown node is no other name of a node, and has no DEL", async () => {
  const world = auditedWorld();
  const pod = { namespace: "default", name: "old" };
  await held(world, "10.1.2.6", holderOf("c6", { node: UNKNOWN, pod }));
  const gone = await world.look();
  expect(texts(gone)).toEqual(["leak pod-gone 10.1.2.6"]);
  expect(gone.findings[0]?.remedy).toStartWith("no DEL comes from it: ");
  world.setPod("old", { nodeName: "n1", podIPs: ["10.1.2.6"] });
  expect(texts(await world.look())).toEqual(["unknown unknown-holder 10.1.2.6"]);
});

test("M27: a container that no witness knows is told; one witness that knows it is enough", async () => {
  const world = auditedWorld();
  await held(world, "10.1.2.7", holderOf("c7"));
  const here = world.nodes.n1;
  const found = async (change: Partial<AuditInput>): Promise<string[]> => {
    const look = await world.look(change);
    return [...texts(look), String(look.unjudged)];
  };
  const told = "unknown unclaimed 10.1.2.7";
  // Kubernetes' word, from anywhere.
  expect(await found({})).toEqual([told, "0"]);
  // The runtime's word, on its node.
  expect(await found({ ...withoutCluster, here, runtime: runtime("other") })).toEqual([told, "0"]);
  expect(await found({ ...withoutCluster, here, runtime: runtime("c7") })).toEqual(["0"]);
  expect(await found({ here, runtime: runtime("c7") })).toEqual(["0"]);
  // Another node's runtime says nothing of it, nor does one that shows nothing living.
  expect(await found({ ...withoutCluster, here: world.nodes.n2, runtime: runtime() })).toEqual(["1"]);
  expect(await found({ ...withoutCluster, here, runtime: { ...runtime(), trusted: false } })).toEqual(["1"]);
  world.setPod("p", { nodeName: "n1", podIPs: ["10.1.2.7"] });
  expect(await found({})).toEqual(["0"]);
  expect(await found({ here, runtime: runtime() })).toEqual(["0"]);
});

test("what this node has seen since, and what no import wrote, is judged otherwise", async () => {
  const world = auditedWorld();
  await held(
    world,
    "10.1.2.8",
    holderOf("c8", { namespace: { path: "/run/netns/8", device: "4", inode: "8" } }),
  );
  await held(world, "10.1.2.9", holderOf("c9", { requestId: "r9" }));
  await held(world, "10.1.2.10", holderOf("c10", { cluster: "another" }));
  const { namespace, name, uid } = world.setPod("p", { nodeName: "n1" });
  await held(world, "10.1.2.11", holderOf("c11", { pod: { namespace, name, uid } }));
  expect(texts(await world.look({ here: world.nodes.n1, runtime: runtime() }))).toEqual([]);
});

test("M28: pods that show what the import holds for others, or for nobody, are told without a record of the network", async () => {
  const world = auditedWorld();
  await held(world, "10.1.2.2", holderOf("c2", { node: "n2" }));
  world.setPod("two", { nodeName: "n1", podIPs: ["10.1.2.2"] });
  world.setPod("three", { nodeName: "n1", podIPs: ["10.1.2.3"] });
  world.setPod("others", { nodeName: "n1", podIPs: ["10.244.0.3"] });
  expect(texts(await world.look())).toEqual([
    "duplicate held-by-other 10.1.2.2",
    "unknown unclaimed 10.1.2.2",
    "unknown not-held 10.1.2.3",
  ]);
});

test("M28: where the store has the network's record, no attachment's prefix widens it", async () => {
  const world = auditedWorld();
  await world.run("a");
  await held(world, "10.1.2.9", holderOf("c9", { requestId: "r9" }), 8);
  world.setPod("others", { nodeName: "n1", podIPs: ["10.244.0.3"] });
  expect(texts(await world.look())).toEqual([]);
});

test("M26: where the node is not known, a pod that lives on one is no pod elsewhere", async () => {
  const world = auditedWorld();
  const pod = { namespace: "default", name: "old", uid: "uid-old" };
  world.setPod("old", { uid: "uid-old", nodeName: "n1", podIPs: ["10.9.9.9"] });
  await held(world, "10.1.2.6", holderOf("c6", { node: UNKNOWN, pod }));
  expect(texts(await world.look())).toContain("unknown unknown-holder 10.1.2.6");
});
