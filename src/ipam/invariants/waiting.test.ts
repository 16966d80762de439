import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { SETTLE_MS } from "../allocate/wait.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import type { Ports } from "../ports.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { instanceReference, nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, allocations, attachment, createWorld, del, named, texts } from "../testing/world.ts";
import type { Wish } from "../wish.ts";

/** Hand-overs on which the holder, or the asker, has a say while the ADD is under way. */

const old = { namespace: "default", name: "old", uid: "uid-old" };
const asker = { namespace: "default", name: "new", uid: "uid-new" };
const wish = named("10.1.2.9");

/** Pod "old" on node n1 has 10.1.2.9; pod "new" asks on n2. */
async function world(oldPod: Parameters<typeof podFacts>[0], owner?: OwnerFacts) {
  const { node, ports } = createWorld();
  const cluster = new FakeCluster();
  cluster.nodes.set("n1", nodeFacts());
  cluster.addPod(podFacts(oldPod));
  cluster.addPod(podFacts({ name: "new", uid: "uid-new", nodeName: "n2" }));
  const first = ports(node("n1"), cluster, cluster.uid);
  const second = ports(node("n2"), cluster, cluster.uid);
  await add(first, "c-old", { pod: old, wish: { ...wish, pod: podFacts() } });
  const ask = (wanted: Partial<Wish> = wish) =>
    add(second, "c-new", { pod: asker, wish: { ...wanted, ...(owner && { owner }) } });
  return { cluster, first, second, ask };
}

async function holders(ports: Ports): Promise<string[] | undefined> {
  return (await allocations(ports)).get("10.1.2.9");
}

test("launchers of one migrating machine hold the address together until one ends", async () => {
  const machine = { kind: "VirtualMachine", namespace: "default", name: "vm" };
  const ownerReferences = [instanceReference("uid-vmi")];
  const { first, ask } = await world({ ownerReferences }, { owner: machine, migratingInstance: "uid-vmi" });
  expect(texts(await ask())).toEqual(["10.1.2.9/24"]);
  expect(await holders(first)).toEqual(["c-old", "c-new"]);
  await del(first, "c-old");
  expect(await holders(first)).toEqual(["c-new"]);
});

test("an ADD that waits for a DEL of the holder has the address once it came", async () => {
  const { first, ask } = await world({ deleting: true });
  const waiting = ask();
  await Bun.sleep(10);
  await del(first, "c-old");
  const freed = performance.now();
  expect(texts(await waiting)).toEqual(["10.1.2.9/24"]);
  // The old interface dies first.
  expect(performance.now() - freed).toBeGreaterThan(SETTLE_MS - 50);
});

test("one address of a shared set is waited for, where its holder is leaving", async () => {
  const { first, ask } = await world({ deleting: true });
  const address = parseAddress("10.1.2.9");
  const waiting = ask({ set: [{ first: address, last: address }] });
  await Bun.sleep(10);
  await del(first, "c-old");
  expect(texts(await waiting)).toEqual(["10.1.2.9/24"]);
});

test.each([
  ["was deleted", undefined, "is gone or was replaced"],
  ["was replaced", { uid: "uid-newer" }, "is gone or was replaced"],
  ["is being deleted", { deleting: true }, "is being deleted"],
  ["has finished", { finished: true }, "has finished"],
] as const)(
  "an ADD that waited gives its pod nothing where that %s meanwhile",
  async (_how, change, state) => {
    const { cluster, first, ask } = await world({ deleting: true });
    const waiting = ask().catch((failure) => failure);
    await Bun.sleep(10);
    cluster.pods.delete("default/new");
    if (change) cluster.addPod(podFacts({ name: "new", uid: "uid-new", nodeName: "n2", ...change }));
    await del(first, "c-old");
    const { code, message } = await waiting;
    expect(`${code} ${message}`).toBe(`108 pod default/new, which asks for address 10.1.2.9, ${state}`);
    expect(await holders(first)).toBeUndefined();
  },
);

test("an ADD that waited does without an API that has gone silent: the address is free", async () => {
  const { cluster, first, ask } = await world({ deleting: true });
  const waiting = ask();
  await Bun.sleep(10);
  cluster.goDown();
  await del(first, "c-old");
  expect(texts(await waiting)).toEqual(["10.1.2.9/24"]);
});

test("without Kubernetes a pod's next sandbox waits for the DEL of the one before it", async () => {
  const { node, ports } = createWorld();
  const alone = ports(node("n1"));
  await add(alone, "c-old", { pod: old, wish });
  const waiting = add(alone, "c-new", { pod: old, wish });
  await Bun.sleep(10);
  await del(alone, "c-old");
  expect(texts(await waiting)).toEqual(["10.1.2.9/24"]);
});

test("an ADD that waits for nobody asks for its pod no second time", async () => {
  const { cluster, first, second } = await world({});
  await del(first, "c-old");
  cluster.calls.length = 0;
  expect(texts(await add(second, "c-new", { pod: asker, wish }))).toEqual(["10.1.2.9/24"]);
  expect(cluster.calls).toEqual([]);
});

test("an ADD that waits is ended by its own DEL", async () => {
  const { first, second, ask } = await world({ deleting: true });
  const waiting = ask().catch((failure) => failure);
  await Bun.sleep(10);
  const deadline = performance.now() + 10_000;
  const lock = await second.node.lock(attachment("c-new"), { deadline, cancelling: true });
  lock.release();
  expect((await waiting).message).toContain("was cancelled by a DEL");
  expect(await holders(first)).toEqual(["c-old"]);
});
