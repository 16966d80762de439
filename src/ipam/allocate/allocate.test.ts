import { describe, expect, test } from "bun:test";
import { parseInterval } from "../../address/interval-text.ts";
import { IpamError } from "../errors.ts";
import { reclaim } from "../free/reclaim.ts";
import { undo } from "../free/undo.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { podFacts } from "../testing/hand-over.ts";
import {
  type Asked,
  add,
  addRequest,
  allocations,
  attachment,
  createWorld,
  del,
  named,
  network,
  smallNetwork,
  texts,
} from "../testing/world.ts";
import { allocate } from "./allocate.ts";

function world(options: Parameters<typeof createWorld>[0] = {}) {
  const made = createWorld(options);
  const node = made.node("node1");
  return { ...made, node, ports: made.ports(node), portsOf: made.ports };
}

async function failureOf(promise: Promise<unknown>): Promise<IpamError> {
  return promise.then(
    () => {
      throw new Error("expected a failure");
    },
    (failure) => failure as IpamError,
  );
}

describe("dynamic addresses", () => {
  test("the first ADD gets the first address after the gateway", async () => {
    const { ports } = world();
    expect(texts(await add(ports, "c1"))).toEqual(["10.1.2.2/24"]);
  });

  test("a freed address rests until the others were used", async () => {
    const { ports } = world();
    const net = smallNetwork(4);
    expect(texts(await add(ports, "c1", { network: net }))).toEqual(["10.1.2.2/24"]);
    await del(ports, "c1");
    expect(texts(await add(ports, "c2", { network: net }))).toEqual(["10.1.2.3/24"]);
    expect(texts(await add(ports, "c3", { network: net }))).toEqual(["10.1.2.4/24"]);
    expect(texts(await add(ports, "c4", { network: net }))).toEqual(["10.1.2.2/24"]);
  });

  test("a full pool is error 100 naming range set and network", async () => {
    const { ports } = world();
    const net = smallNetwork(3);
    await add(ports, "c1", { network: net });
    await add(ports, "c2", { network: net });
    const failure = await failureOf(add(ports, "c3", { network: net }));
    expect(failure.code).toBe(100);
    expect(failure.message).toBe("no free address in range set 0 of network 'net1': 10.1.2.1-10.1.2.3");
  });

  test("the second range of a set is used when the first is full", async () => {
    const { ports } = world();
    const net = network("net1", [
      { subnet: "10.1.2.0/29", first: "10.1.2.5", last: "10.1.2.6", gateway: "10.1.2.1" },
      { subnet: "10.1.3.0/29", first: "10.1.3.2", last: "10.1.3.6", gateway: "10.1.3.1" },
    ]);
    const got: string[] = [];
    for (const container of ["a", "b", "c"])
      got.push(...texts(await add(ports, container, { network: net })));
    expect(got).toEqual(["10.1.2.5/29", "10.1.2.6/29", "10.1.3.2/29"]);
  });

  test("ONE-STEP: when one set is full, nothing of the other is kept", async () => {
    const { ports } = world();
    const net = network(
      "net1",
      [{ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.254", gateway: "10.1.2.1" }],
      [{ subnet: "fd00::/64", first: "fd00::2", last: "fd00::2", gateway: "fd00::1" }],
    );
    expect(texts(await add(ports, "c1", { network: net }))).toEqual(["10.1.2.2/24", "fd00::2/64"]);
    expect((await failureOf(add(ports, "c2", { network: net }))).code).toBe(100);
    expect([...(await allocations(ports)).keys()]).toEqual(["10.1.2.2", "fd00::2"]);
  });

  test("64 ADDs at once get 64 addresses, one more than there are fails", async () => {
    const { ports } = world();
    const net = smallNetwork(65);
    const all = await Promise.allSettled(
      Array.from({ length: 65 }, (_, index) => add(ports, `c${index}`, { network: net })),
    );
    const got = all.flatMap((result) => (result.status === "fulfilled" ? texts(result.value) : []));
    expect(new Set(got).size).toBe(64);
    expect(all.filter(({ status }) => status === "rejected")).toHaveLength(1);
  });
});

describe("dead sandboxes hold no room", () => {
  test("a full pool of another boot is used again at once, all of it", async () => {
    const { node, ports } = world();
    const net = smallNetwork(21);
    for (let index = 0; index < 20; index++) await add(ports, `c${index}`, { network: net });
    node.reboot();
    const got: string[] = [];
    for (let index = 0; index < 20; index++)
      got.push(...texts(await add(ports, `d${index}`, { network: net })));
    expect(new Set(got).size).toBe(20);
  });

  test("a sweep that reaches its limit goes on in the next run", async () => {
    const { node, ports } = world();
    for (let index = 0; index < 10; index++) await add(ports, `c${index}`);
    node.reboot();
    const run = () => reclaim(ports, { records: 4, deadline: performance.now() + 1000 });
    expect([await run(), await run(), await run(), await run()]).toEqual([4, 4, 2, 0]);
  });
});

describe("IDEMPOTENT", () => {
  test("ADD again for the same attachment gives the same address and a new request ID", async () => {
    const { ports } = world();
    const first = await add(ports, "c1");
    const again = await add(ports, "c1");
    expect(texts(again)).toEqual(texts(first));
    expect(again.repeated).toBe(true);
    expect(again.requestId).not.toBe(first.requestId);
    expect((await allocations(ports)).size).toBe(1);
  });

  test("a repeated ADD returns what it gave out although the range has moved", async () => {
    const { ports } = world();
    await add(ports, "c1");
    const moved = network("net1", [
      { subnet: "10.1.2.0/24", first: "10.1.2.100", last: "10.1.2.110", gateway: "10.1.2.9" },
    ]);
    const again = await add(ports, "c1", { network: moved });
    expect(texts(again)).toEqual(["10.1.2.2/24"]);
  });

  test("a repeated ADD of a fixed address survives its exclusion, a moved subnet, and a policy", async () => {
    const { ports, log } = world();
    const wish = named("10.1.2.9");
    await add(ports, "c1", { wish });
    const excluded = { ...smallNetwork(), exclude: [parseInterval("10.1.2.9")] };
    const moved = network("net1", [{ subnet: "10.9.0.0/24", first: "10.9.0.2", last: "10.9.0.9" }]);
    const closed = { ...smallNetwork(), policy: { pool: "p", namespaces: ["other"] } };
    for (const changed of [excluded, moved, closed]) {
      expect(texts(await add(ports, "c1", { wish, network: changed }))).toEqual(["10.1.2.9/24"]);
      await expect(add(ports, "c2", { wish, network: changed })).rejects.toMatchObject({ code: 102 });
    }
    const told = "warn 10.1.2.9 of interface eth0 of container c1 in network 'net1' now lies outside";
    expect(log.filter((line) => line.startsWith(told)).length).toBe(2);
  });

  test("where an imported record does not say prefix and gateway, the network does", async () => {
    const { ports } = world();
    const { addresses } = await add(ports, "c1");
    const ref = { kind: "attachment", node: "node1", id: attachment("c1") } as const;
    const options = { deadline: performance.now() + 1000 };
    const seen = (await ports.store.read({ refs: [ref] }, options)).get(ref);
    const record = seen && { ...seen.record, prefixes: [], gateways: [] };
    if (record !== undefined)
      await ports.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options);
    expect((await add(ports, "c1")).addresses).toEqual(addresses);
    const elsewhere = network("net1", [{ subnet: "10.9.0.0/24", first: "10.9.0.2", last: "10.9.0.9" }]);
    expect(texts(await add(ports, "c1", { network: elsewhere }))).toEqual(["10.1.2.2/32"]);
  });

  test("EVIDENCE: an ADD repeated in another namespace outlives the first one", async () => {
    const { node, ports } = world();
    await add(ports, "c1");
    node.createNamespace("/run/netns/second");
    const moved = { ...addRequest(ports, "c1"), namespacePath: "/run/netns/second" };
    expect(texts(await allocate(moved, ports))).toEqual(["10.1.2.2/24"]);
    expect(node.journal.read(attachment("c1"))?.holder.namespace.path).toBe("/run/netns/second");
    node.removeNamespace("/run/netns/c1");
    const limits = { records: 4, deadline: performance.now() + 5000, sweep: true };
    expect(await reclaim(ports, limits)).toBe(0);
    node.removeNamespace("/run/netns/second");
    expect(await reclaim(ports, limits)).toBe(1);
  });

  test("an attachment whose namespace was made anew has the same address again", async () => {
    const { node, ports } = world();
    await add(ports, "c1");
    node.createNamespace("/run/netns/c1");
    expect(texts(await add(ports, "c1"))).toEqual(["10.1.2.2/24"]);
    node.reboot();
    expect(texts(await add(ports, "c1"))).toEqual(["10.1.2.2/24"]);
    expect([...(await allocations(ports)).keys()]).toEqual(["10.1.2.2"]);
  });

  const changes: readonly [string, RegExp, Asked][] = [
    ["asks for an address", /^10\.1\.2\.9\/24$/, { wish: named("10.1.2.9") }],
    ["is another pod's", /^10\.1\.2\.(?!2\/)/, { pod: { namespace: "default", name: "p", uid: "u2" } }],
    [
      "finds its range moved",
      /^10\.1\.3\./,
      { network: network("net1", [{ subnet: "10.1.3.0/24", first: "10.1.3.1", last: "10.1.3.9" }]) },
    ],
  ];
  test.each(changes)("but not one that %s", async (_, given, asked) => {
    const { node, ports } = world();
    const pod = { namespace: "default", name: "p", uid: "u1" };
    await add(ports, "c1", { pod });
    node.createNamespace("/run/netns/c1");
    expect(texts(await add(ports, "c1", { pod, ...asked }))[0]).toMatch(given);
    expect((await allocations(ports)).size).toBe(1);
  });

  test.each([
    "addressNotAllowed",
    "annotationMalformed",
    "kubernetesRefused",
    "podGone",
    "tryAgain",
  ] as const)("a wish that is refused (%s) leaves an attachment what it has", async (name) => {
    const { ports } = world();
    await add(ports, "c1");
    const refusal = new IpamError(name, "the wish is refused");
    const asked = (container: string) => ({ ...addRequest(ports, container), refusal });
    expect(texts(await allocate(asked("c1"), ports))).toEqual(["10.1.2.2/24"]);
    await expect(allocate(asked("c2"), ports)).rejects.toThrow(refusal.message);
    expect((await allocations(ports)).size).toBe(1);
  });

  test.each([[false], [true]])(
    "K42 a node that Kubernetes calls by another name gets nothing new (an agent: %p)",
    async (foresight) => {
      const { ports } = world({ foresight });
      const pod = { namespace: "default", name: "p", uid: "u" };
      const seen = (nodeName: string) => ({
        pod,
        wish: { pod: podFacts({ name: "p", uid: "u", nodeName }) },
      });
      await add(ports, "c1", seen("node1"));
      const refusal = await add(ports, "c2", seen("worker")).catch((failure) => failure);
      expect([refusal.code, refusal.message, refusal.details]).toEqual([
        7,
        "this node is called 'node1' here, and Kubernetes calls the node of pod default/p 'worker'",
        expect.stringContaining("set nodeName to 'worker'"),
      ]);
      // Renamed since: what an attachment has stays (IDEMPOTENT).
      expect(texts(await add(ports, "c1", seen("worker")))).toEqual(["10.1.2.2/24"]);
      await add(ports, "c3", seen(""));
      expect((await allocations(ports)).size).toBe(2);
    },
  );

  test("K40 another machine's attachment of the same name is not this one's", async () => {
    const { ports, portsOf, node } = world();
    await add(ports, "c1");
    const other = portsOf(new FakeNode(node.name, "other-boot"));
    await expect(add(other, "c1")).rejects.toMatchObject({
      code: 7,
      message: expect.stringContaining("(another machine of that name)"),
    });
    expect((await allocations(ports)).size).toBe(1);
  });

  test.each([
    ["that this node's pod has", {}, "u"],
    ["but not of a pod that has no node yet", { nodeName: "" }, undefined],
    ["nor that of a static pod's mirror", { mirror: true }, undefined],
  ])("a runtime that tells no UID: the record has the one %s", async (_name, change, uid) => {
    const { ports } = world();
    const pod = { namespace: "default", name: "p" };
    const seen = podFacts({ name: "p", uid: "u", nodeName: "node1", ...change });
    await add(ports, "c1", { pod, wish: { pod: seen } });
    await add(ports, "c1", { pod });
    const ref = { kind: "attachment", node: "node1", id: attachment("c1") } as const;
    const snapshot = await ports.store.read({ refs: [ref] }, { deadline: performance.now() + 1000 });
    expect(snapshot.get(ref)?.record.holder.pod?.uid as string).toBe(uid as string);
  });

  test("a repeated ADD that does not ask Kubernetes keeps the node's verified name", async () => {
    const { ports } = world();
    const pod = { namespace: "default", name: "p", uid: "u" };
    await add(ports, "c1", { pod, wish: { pod: podFacts({ name: "p", uid: "u", nodeName: "node1" }) } });
    await add(ports, "c1", { pod });
    const ref = { kind: "attachment", node: "node1", id: attachment("c1") } as const;
    const seen = await ports.store.read({ refs: [ref] }, { deadline: performance.now() + 1000 });
    expect(seen.get(ref)?.record.holder.nodeVerified).toBe(true);
  });

  test("DEL twice, and DEL of what never was, succeed", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await del(ports, "c1");
    await del(ports, "c1");
    await del(ports, "never");
    expect((await allocations(ports)).size).toBe(0);
  });
});

test("a DEL that came while the pod's wish was still being read wins", async () => {
  const { node, ports } = world();
  const request = addRequest(ports, "c1");
  const attendance = await node.attend(request.attachment);
  await del(ports, "c1");
  node.createNamespace(request.namespacePath);
  await expect(allocate({ ...request, attendance }, ports)).rejects.toMatchObject({ code: 11 });
  expect((await allocations(ports)).size).toBe(0);
});

describe("ONLY-MINE", () => {
  test("the undo of an ADD that a repeated ADD has taken over frees nothing", async () => {
    const { ports } = world();
    const first = await add(ports, "c1");
    await add(ports, "c1");
    await undo(first, ports, performance.now() + 1000);
    expect((await allocations(ports)).size).toBe(1);
  });

  test("the undo of a delivered-to-nobody ADD frees exactly its address", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await undo(await add(ports, "c2"), ports, performance.now() + 1000);
    expect([...(await allocations(ports)).values()]).toEqual([["c1"]]);
  });

  test("a late DEL of the old sandbox does not free the new owner's address", async () => {
    const { node, ports } = world();
    await add(ports, "old", { wish: named("10.1.2.9") });
    node.removeNamespace("/run/netns/old");
    expect(texts(await add(ports, "new", { wish: named("10.1.2.9") }))).toEqual(["10.1.2.9/24"]);
    await del(ports, "old");
    expect([...(await allocations(ports)).entries()]).toEqual([["10.1.2.9", ["new"]]]);
  });
});

describe("RESOLVED", () => {
  test("a commit whose answer was lost is found by its request ID", async () => {
    const { ports, store } = world();
    store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
    expect(texts(await add(ports, "c1"))).toEqual(["10.1.2.2/24"]);
    expect((await allocations(ports)).size).toBe(1);
  });

  test("a commit that never arrived is tried again", async () => {
    const { ports, store } = world();
    store.faults.push({ on: "commit", kind: "unknown-outcome", applied: false });
    await add(ports, "c1");
    expect((await allocations(ports)).size).toBe(1);
  });

  test("what certainly did not happen leaves no trace in the journal, what may have happened does", async () => {
    const { ports, node, store } = world();
    store.faults.push({ on: "commit", kind: "unavailable" });
    await expect(add(ports, "c1")).rejects.toMatchObject({ kind: "unavailable" });
    expect(node.journal.list()).toEqual([]);
    store.faults.push(
      { on: "commit", kind: "unknown-outcome", applied: true },
      { on: "read", kind: "unavailable" },
    );
    await expect(add(ports, "c2")).rejects.toMatchObject({ kind: "unavailable" });
    expect(node.journal.list().map(({ holder }) => holder.attachment.container)).toEqual(["c2"]);
  });

  test("what cannot be read back is no success", async () => {
    const { ports, store } = world();
    store.faults.push(
      { on: "commit", kind: "unknown-outcome", applied: true },
      { on: "read", kind: "unavailable" },
    );
    expect(await failureOf(add(ports, "c1"))).toMatchObject({ kind: "unavailable" });
  });
});

describe("cancellation", () => {
  test("a DEL that overtakes an ADD wins", async () => {
    let inCommit: () => void = () => {};
    const reached = new Promise<void>((resolve) => (inCommit = resolve));
    let resume: () => void = () => {};
    const gate = new Promise<void>((resolve) => (resume = resolve));
    let calls = 0;
    const made = createWorld({
      pause: async () => {
        if (++calls !== 2) return;
        inCommit();
        await gate;
      },
    });
    const ports = made.ports(made.node("node1"));
    const adding = failureOf(add(ports, "c1"));
    await reached;
    const deleting = del(ports, "c1");
    resume();
    const failure = await adding;
    await deleting;
    expect(failure.code).toBe(11);
    expect((await allocations(ports)).size).toBe(0);
  });

  test("an ADD whose namespace vanishes meanwhile undoes itself", async () => {
    const made = createWorld({
      pause: async () => {
        if (++calls === 2) node.removeNamespace("/run/netns/c1");
      },
    });
    let calls = 0;
    const node = made.node("node1");
    const ports = made.ports(node);
    const failure = await failureOf(add(ports, "c1"));
    expect(failure.message).toBe("CNI_NETNS '/run/netns/c1' disappeared while the ADD was running");
    expect((await allocations(ports)).size).toBe(0);
  });

  test("an ADD for a namespace that does not exist is refused", async () => {
    const { node, ports } = world();
    const request = addRequest(ports, "c1");
    node.removeNamespace("/run/netns/c1");
    expect((await failureOf(allocate(request, ports))).code).toBe(4);
  });
});

describe("fixed addresses by request", () => {
  test("outside the range but inside the subnet is fine", async () => {
    const { ports } = world();
    expect(texts(await add(ports, "c1", { network: smallNetwork(10), wish: named("10.1.2.200") }))).toEqual([
      "10.1.2.200/24",
    ]);
  });

  test.each([
    ["10.1.2.1", "it is the subnet's gateway (10.1.2.0/24)"],
    ["10.1.2.0", "it is the network address of 10.1.2.0/24"],
    ["10.1.2.255", "it is the broadcast address of 10.1.2.0/24"],
  ])("%s is refused: %s", async (address, reason) => {
    const { ports } = world();
    const failure = await failureOf(add(ports, "c1", { wish: named(address) }));
    expect(failure.code).toBe(102);
    expect(failure.message).toBe(
      `address ${address} (CNI_ARGS IP) is not allowed in network 'net1': ${reason}`,
    );
  });

  test("an address outside every subnet is 102, never a dynamic one", async () => {
    const { ports } = world();
    const failure = await failureOf(add(ports, "c1", { wish: named("10.9.9.9") }));
    expect(failure.code).toBe(102);
    expect((await allocations(ports)).size).toBe(0);
  });

  test("another container's address is 101 naming the container", async () => {
    const { ports } = world();
    await add(ports, "c1", { wish: named("10.1.2.9") });
    const failure = await failureOf(add(ports, "c2", { wish: named("10.1.2.9") }));
    expect(failure.code).toBe(101);
    expect(failure.message).toContain("c1");
  });
});

describe("ONE-STORE", () => {
  test("a store that was emptied is refused", async () => {
    const { node, ports, portsOf } = world();
    await add(ports, "c1");
    const other = createWorld();
    const failure = await failureOf(add({ ...portsOf(node), store: other.store }, "c2"));
    expect(failure.code).toBe(106);
    expect(failure.message).toContain("is empty, but this node has used store");
  });

  test("requireInit: an ADD does not make the store's identity", async () => {
    const { ports } = world();
    const failure = await failureOf(add(ports, "c1", { network: { ...smallNetwork(), requireInit: true } }));
    expect(failure.message).toBe("the store has not been initialised");
  });
});

describe("no space", () => {
  test("DEL frees without cooling where the store takes only deletes", async () => {
    const { ports, store } = world();
    await add(ports, "c1");
    store.full = true;
    await del(ports, "c1");
    expect((await allocations(ports)).size).toBe(0);
  });
});
