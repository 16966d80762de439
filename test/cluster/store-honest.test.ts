import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAddress } from "../../src/address/address.ts";
import { toIpamError } from "../../src/cni/protocol/error-result.ts";
import { collect } from "../../src/ipam/free/collect.ts";
import { free } from "../../src/ipam/free/free.ts";
import { reclaim } from "../../src/ipam/free/reclaim.ts";
import { readIdentity, replaceIdentity } from "../../src/ipam/integrity/replace-identity.ts";
import { suspecting, ThrownBack } from "../../src/ipam/integrity/thrown-back.ts";
import type { Ports } from "../../src/ipam/ports.ts";
import { refTo } from "../../src/ipam/ref-to.ts";
import { reserveAddress } from "../../src/ipam/reserve/reserve.ts";
import { FakeCluster } from "../../src/ipam/testing/fake-cluster.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { podFacts } from "../../src/ipam/testing/hand-over.ts";
import {
  add,
  addAndDeliver,
  addRequest,
  allocations,
  attachment,
  del,
  named,
  network,
  texts,
} from "../../src/ipam/testing/world.ts";
import { tryWriting } from "../../src/store/kubernetes/try-writing.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { askedBy, rightOf, rightsOf } from "../kit/rights.ts";
import { type StoreNodes, startStoreNodes } from "../kit/store-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** What agents and plugins do with their own credentials passes the policies, and they have no right more. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`honest nodes: ${missing}`, () => {});

const soon = () => ({ deadline: performance.now() + 10_000 });
const SHOP = { kind: "StatefulSet", namespace: "shop", name: "db" };
const DUAL = network(
  "net1",
  [{ subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.254" }],
  [{ subnet: "fd00::/64", first: "fd00::1", last: "fd00::ffff" }],
);
const NINE = network("net1", [{ subnet: "10.1.9.0/24", first: "10.1.9.1", last: "10.1.9.254" }]);

describe.skipIf(missing !== undefined)("honest nodes on Kubernetes' own API", () => {
  let world: StoreNodes;
  let [a, b]: [Ports, Ports] = [undefined as never, undefined as never];
  const machines = { a: new FakeNode("a"), b: new FakeNode("b", "boot-b") };
  const cluster = new FakeCluster("cluster-1");

  beforeAll(async () => {
    world = await startStoreNodes("audit.log");
    a = world.ports("agentOfA", machines.a, cluster);
    b = world.ports("b", machines.b, cluster);
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  /** The pod db-0 as Kubernetes shows it, and what it asks for. */
  const asking = (uid: string, nodeName: string) => {
    const facts = podFacts({ namespace: "shop", name: "db-0", uid, nodeName });
    cluster.addPod(facts, { owner: SHOP });
    const wish = { ...named("10.1.2.100"), pod: facts, owner: { owner: SHOP, ordinal: 0 } };
    return { pod: { namespace: "shop", name: "db-0", uid }, wish };
  };

  test("K263: ADD, ADD again, DEL, of one address and of two, cooling and the other node's cooled address", async () => {
    const first = texts(await add(a, "c1"));
    expect(texts(await add(a, "c1"))).toEqual(first);
    const [other] = texts(await add(b, "c2"));
    expect(other).not.toBe(first[0]);
    await del(a, "c1");
    expect(texts(await add(b, "c3", { network: DUAL }))).toHaveLength(2);
    await del(b, "c3");
    await del(b, "c2");
    expect([...(await allocations(a)).keys()]).toEqual([]);
  }, 60_000);

  test("K263: a node frees what its dead sandboxes hold, by itself and by GC", async () => {
    for (const container of ["d1", "d2", "d3"]) await add(a, container);
    for (const container of ["d1", "d2"]) machines.a.removeNamespace(`/run/netns/${container}`);
    expect(await reclaim(a, { records: 1, sweep: true, ...soon() })).toBe(1);
    const valid = [attachment("d3")];
    await collect({ network: "net1", valid, coolingSeconds: 60, ...soon() } as never, a);
    expect([...(await allocations(a)).values()]).toEqual([["d3"]]);
    await del(a, "d3");
  }, 60_000);

  test("K263: a fixed address goes with its pod from node to node, also one that an operator has reserved for it", async () => {
    await add(b, "f1", asking("u1", "b"));
    await del(b, "f1");
    await add(a, "f2", asking("u2", "a"));
    await del(a, "f2");
    const controller = world.ports("controller", new FakeNode(""), cluster);
    const address = parseAddress("10.1.2.100");
    await reserveAddress(
      address,
      { space: "default", owner: SHOP, retain: "keep" } as never,
      controller,
      soon(),
    );
    expect(texts(await add(b, "f3", asking("u3", "b")))).toEqual(["10.1.2.100/24"]);
    await del(b, "f3");
  }, 60_000);

  test("K346: a node forestalls what it has sent itself: where nothing is, what cools down, what is reserved by an operator", async () => {
    const [cooled = ""] = texts(await add(a, "e1", { network: NINE }));
    await del(a, "e1");
    const all = ["10.1.9.9", cooled.replace("/24", ""), "10.1.9.4"];
    const refs = all.map((text) => refTo.allocation("default", parseAddress(text)));
    const controller = world.ports("controller", new FakeNode(""), cluster);
    const kept = { space: "default", owner: SHOP, retain: "keep" } as never;
    await reserveAddress(parseAddress("10.1.9.4"), kept, controller, soon());
    for (const ref of refs) await a.store.forestall?.([ref], soon());
    expect(texts(await add(b, "e2", { wish: named("10.1.9.9"), network: NINE }))).toEqual(["10.1.9.9/24"]);
    const failure = await add(b, "e3", { wish: named("10.1.9.4"), network: NINE }).catch((error) => error);
    expect(failure.code).toBe(101);
    await del(b, "e2");
  }, 60_000);

  test("K264: what a node held that is fenced, the controller frees: until then error 11 that says so", async () => {
    await add(b, "g1", asking("u4", "b"));
    cluster.nodes.clear();
    const request = addRequest(a, "g2", asking("u5", "a"));
    const failure = await addAndDeliver(request, a).catch((error: unknown) => error);
    const { code, details, message } = toIpamError(failure);
    expect([code, `${message} ${details}`]).toEqual([11, expect.stringContaining("the controller frees")]);
    // The address and the note of its release are written at the same time: either may be refused first.
    expect(`${message} ${details}`).toMatch(
      /node a may not (add, change or remove what another node holds \(b\)|write what belongs to another node)/,
    );
    const controller = world.ports("controller", new FakeNode(""), cluster);
    await free({ node: "b", id: attachment("g1") }, 0, controller, soon());
    expect(texts(await add(a, "g2", asking("u5", "a")))).toEqual(["10.1.2.100/24"]);
    await del(a, "g2");
  }, 60_000);

  test("K265: a node raises the epoch and stops all nodes, and looks whether it may write; only operators go on", async () => {
    await tryWriting({ kind: "kubernetes", kubeConfig: world.config.a }, "default", soon());
    await tryWriting({ kind: "kubernetes", kubeConfig: world.config.b }, "other", soon());
    const before = await readIdentity(a, soon());
    if (before === undefined) throw new Error("the store has no identity");
    const raised = { ...before.record, epoch: 7 };
    expect(await replaceIdentity(raised, before, a, soon())).toBe(true);
    const evidence = new ThrownBack((who) => `${who} saw it`, "a higher epoch", a);
    await suspecting(() => Promise.reject(evidence), b, soon()).catch(() => undefined);
    const stopped = await readIdentity(a, soon());
    if (stopped === undefined) throw new Error("the store has no identity");
    expect(stopped.record.state).toBe("suspect");
    const ready = { ...raised, state: "ready" } as const;
    const refused = replaceIdentity(ready, stopped, a, soon()).catch((error: unknown) => String(error));
    expect(await refused).toContain("an operator ends a suspicion or a recovery");
    const controller = world.ports("controller", new FakeNode(""), cluster);
    expect(await replaceIdentity(ready, await readIdentity(controller, soon()), controller, soon())).toBe(
      true,
    );
  }, 60_000);

  test("K266: nodes use every right that they have over records, and ask for none in vain", async () => {
    const used = () => {
      const lines = ["kube-ipam", "kube-ipam-agent"].flatMap((account) =>
        askedBy(world.kubernetes, `system:serviceaccount:kube-system:${account}`),
      );
      return new Set(lines.map(({ objectRef, verb }) => rightOf(verb, objectRef)));
    };
    const stopping = new AbortController();
    const { signal } = stopping;
    const identity = await readIdentity(a, soon());
    const watching = [
      Array.fromAsync(a.store.watch({ kind: "meta" }, identity?.revision ?? 0, { signal })),
      Array.fromAsync(
        b.store.watch(
          { kind: "allocation", space: "default", address: parseAddress("10.1.2.9") },
          identity?.revision ?? 0,
          { signal },
        ),
      ),
    ];
    await Bun.sleep(500);
    stopping.abort();
    await Promise.all(watching);
    const rights = rightsOf(join(import.meta.dir, "../../deploy/rbac/store.yaml"), "kube-ipam-store-node");
    await eventually(async () => rights.every((right) => used().has(right)) || undefined, 30_000);
    expect([...used()].filter((right) => !rights.includes(right))).toEqual([]);
  }, 60_000);
});
