import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import type { Network } from "../network.ts";
import { refTo } from "../ref-to.ts";
import { reserveAddress } from "../reserve/reserve.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, allocations, attachment, createWorld, del, named, smallNetwork } from "../testing/world.ts";
import type { WishQuestion } from "../wish/wish-of-pod.ts";
import { explain } from "./explain.ts";
import { readOnlyNode } from "./read-only-node.ts";

/** What an ADD of a pod on n1 would meet; test/cluster has each row of the hand-over table. */

const ASKER = { namespace: "default", name: "new", uid: "uid-new" };

const soon = () => ({ deadline: performance.now() + 5_000 });

function scene(annotations: Record<string, string> = {}) {
  const world = createWorld();
  const node = world.node("n1");
  const cluster = new FakeCluster();
  cluster.addPod(podFacts({ ...ASKER, nodeName: "n1", annotations }));
  cluster.nodes.set("n1", nodeFacts({ name: "n1", bootId: node.bootId }));
  const ports = { ...world.ports(node, cluster, "cluster-1"), cluster };
  const watching = { ...ports, node: readOnlyNode(node, { name: "n1", bootId: node.bootId }) };
  const why = (change: Partial<WishQuestion> = {}) => {
    const network = change.network ?? smallNetwork(4);
    const question: WishQuestion = {
      pod: ASKER,
      attachment: attachment("next", "eth0", network.name),
      network,
      kubernetes: { annotations: "auto", capabilityDeclared: false },
      requested: [],
      ...change,
    };
    return explain(question, watching, performance.now() + 10_000);
  };
  return { world, ports, node, why };
}

test("nothing in the way: any address, or the one that is named; and nothing is changed", async () => {
  const any = await scene().why();
  expect(any.addresses).toEqual([{ source: "", outlook: "free", holders: [] }]);
  const fixed = scene({ "kube-ipam.ip": "10.1.2.3" });
  expect((await fixed.why()).addresses).toEqual([
    { address: "10.1.2.3", source: "kube-ipam.ip", outlook: "free", holders: [] },
  ]);
  expect((await allocations(fixed.ports)).size).toBe(0);
  expect(fixed.node.journal.list()).toEqual([]);
});

test("a holder, by the row of the table", async () => {
  const { ports, why } = scene({ "kube-ipam.ip": "10.1.2.3" });
  const pod = { namespace: "default", name: "old", uid: "uid-old" };
  await add(ports, "c-old", { pod, wish: named("10.1.2.3") });
  const [prospect] = (await why()).addresses;
  expect(prospect).toMatchObject({ outlook: "waits", holders: [{ row: "leaving", holder: { pod } }] });
  expect(prospect?.refusal?.message).toContain("that pod is gone");
});

test("J91: what the pod had, and does not get again, is told with the reason", async () => {
  const { ports, why } = scene({ "kube-ipam.sticky": "true" });
  const owner = { owner: { kind: "Pod", namespace: "default", name: "new" } };
  const network = smallNetwork(4);
  const [had] = (await add(ports, "c-old", { network, pod: ASKER, wish: { sticky: true, owner } })).addresses;
  if (had === undefined) throw new Error("expected an address");
  await del(ports, "c-old");
  expect((await why()).formerly).toEqual([]);
  const exclude = [{ first: had.address, last: had.address }];
  const { addresses, formerly } = await why({ network: { ...network, exclude } });
  expect(formerly).toEqual([
    { address: formatAddress(had.address), because: expect.stringContaining("excluded") },
  ]);
  expect(addresses[0]?.address).not.toBe(formatAddress(had.address));
  const plain = scene({ "kube-ipam.ip": "10.1.2.4" });
  await add(plain.ports, "c-old", { network, pod: ASKER, wish: { ...named("10.1.2.3"), owner } });
  await del(plain.ports, "c-old");
  expect((await plain.why()).formerly).toEqual([{ address: "10.1.2.3" }]);
});

test("a store under suspicion refuses every ADD, in the ADD's own words", async () => {
  const { ports, why } = scene({ "kube-ipam.ip": "10.1.2.3" });
  await add(ports, "c-old");
  const meta = (await ports.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta);
  if (meta === undefined) throw new Error("expected an identity");
  const suspicion = { node: "n2", why: "the store is older", since: "now" };
  const record = { ...meta.record, state: "suspect", suspicion } as const;
  await ports.store.commit({ guards: [], puts: [{ ref: refTo.meta, record }], deletes: [] }, soon());
  expect((await why()).addresses[0]).toMatchObject({
    address: "10.1.2.3",
    outlook: "refused",
    refusal: { name: "storeCannotWrite", message: "node n2 has stopped all nodes: the store is older" },
  });
});

test("a full pool, and an operator's reservation, are refusals", async () => {
  const full = scene();
  for (const container of ["a", "b", "c"]) await add(full.ports, container, { network: smallNetwork(4) });
  const [prospect] = (await full.why()).addresses;
  expect(prospect).toMatchObject({ outlook: "refused", refusal: { name: "noFreeAddress" } });
  const reserved = scene({ "kube-ipam.ip": "10.1.2.3" });
  const wish = {
    space: "default",
    owner: { kind: "Note", namespace: "", name: "printer" },
    retain: "keep",
    evenIfHeld: false,
    requireInit: false,
  } as const;
  await reserveAddress(parseAddress("10.1.2.3"), wish, reserved.ports, {
    deadline: performance.now() + 5_000,
  });
  expect((await reserved.why()).addresses[0]).toMatchObject({
    outlook: "refused",
    refusal: { name: "addressHeld", message: "address 10.1.2.3 is reserved for 'printer'" },
  });
});

test("a set names the address that its pod would get", async () => {
  const { ports, why } = scene({ "kube-ipam.ips": "10.1.2.2-10.1.2.3" });
  await add(ports, "a", { wish: named("10.1.2.2") });
  expect((await why()).addresses).toMatchObject([{ address: "10.1.2.3", outlook: "free" }]);
});

test("what keeps the ADD from asking at all: policy, a wish that cannot be read, a store not yet made", async () => {
  const policy = { pool: "db", namespaces: ["other"] };
  const pooled: Network = { ...smallNetwork(4), policy };
  expect((await scene().why({ network: pooled })).refusal?.message).toContain(
    "may not take addresses of pool 'db'",
  );
  const malformed = await scene({ "kube-ipam.ip": "10.1.2" }).why();
  expect([malformed.wish, malformed.refusal?.name]).toEqual([undefined, "annotationMalformed"]);
  const unmade = await scene().why({ network: { ...smallNetwork(4), requireInit: true } });
  expect(unmade.addresses[0]?.refusal?.message).toBe("the store has not been initialised");
});

test("C88: a pod on a node's own store, where the ranges are not the node's own", async () => {
  const { ports, why } = scene();
  const description = ports.store.description as { shared: boolean };
  description.shared = false;
  const refusal = {
    name: "invalidConfig",
    message: expect.stringContaining("names no store that all nodes share"),
  };
  expect(await why({ network: { ...smallNetwork(4), nodeLocal: false } })).toMatchObject({ refusal });
  expect((await why({ network: { ...smallNetwork(4), nodeLocal: true } })).refusal).toBeUndefined();
  expect((await why()).refusal).toBeUndefined();
});

test("C88: what only the commit finds: a record that a newer program wrote", async () => {
  const { ports, why } = scene({ "kube-ipam.ip": "10.1.2.3" });
  await add(ports, "a");
  const owner = { kind: "Pod", namespace: "default", name: "new" };
  const record = { version: 99, owner, addresses: [] };
  await ports.store.commit(
    { guards: [], puts: [{ ref: refTo.owner("default", owner), record }], deletes: [] },
    soon(),
  );
  expect((await why()).addresses[0]).toMatchObject({
    address: "10.1.2.3",
    outlook: "refused",
    refusal: { name: "storeCannotWrite" },
  });
});

test("a namespace's share of a pool that is used up", async () => {
  const network: Network = { ...smallNetwork(), policy: { pool: "db", maxPerNamespace: 1 } };
  const { ports, why } = scene();
  await add(ports, "a", { network, pod: { namespace: "default", name: "a", uid: "a" } });
  expect((await why({ network })).addresses[0]).toMatchObject({
    outlook: "refused",
    refusal: { name: "noFreeAddress" },
  });
});
