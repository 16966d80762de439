import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import { FakeNode } from "../testing/fake-node.ts";
import {
  add,
  addRequest,
  allocations,
  attachment,
  createWorld,
  del,
  network,
  smallNetwork,
  texts,
} from "../testing/world.ts";
import { type OperatorRelease, releaseByOperator } from "./operator-release.ts";

const options = { deadline: performance.now() + 60_000 };

function world() {
  const made = createWorld();
  const node = made.node("node1");
  const nodePorts = (name: string) => made.ports(made.node(name));
  return { ...made, node, ports: made.ports(node), nodePorts };
}

function request(text: string, change: Partial<OperatorRelease> = {}): OperatorRelease {
  return { space: "default", address: parseAddress(text), force: false, coolingSeconds: 60, ...change };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    ({ code, message, details }: IpamError) => `${code} ${message}; ${details}`,
  );
}

async function held(ports: Ports): Promise<string[]> {
  return [...(await allocations(ports)).keys()];
}

test("EVIDENCE: a living namespace is not taken away without force", async () => {
  const { ports } = world();
  await add(ports, "c1", { pod: { namespace: "default", name: "web" } });
  expect(await refusal(releaseByOperator(request("10.1.2.2"), ports, options))).toBe(
    "101 address 10.1.2.2 is held by interface eth0 of container c1 in network 'net1' (pod default/web) on node node1; " +
      "its network namespace /run/netns/c1 is still there: stop that container or delete its pod; if it is gone for certain, run " +
      "'kube-ipam ip release --force 10.1.2.2'",
  );
  expect(await held(ports)).toEqual(["10.1.2.2"]);
});

test("EVIDENCE: another node's container is not judged here, whatever this node sees", async () => {
  const { ports, nodePorts } = world();
  await add(ports, "c1");
  const other = nodePorts("node2");
  expect(await refusal(releaseByOperator(request("10.1.2.2"), other, options))).toContain(
    "only that node can see whether the container has ended (this is node node2)",
  );
  expect(await held(ports)).toEqual(["10.1.2.2"]);
});

test("what this node sees to be gone is freed", async () => {
  const { node, ports } = world();
  await add(ports, "c1");
  await add(ports, "c2");
  node.removeNamespace("/run/netns/c1");
  const done = await releaseByOperator(request("10.1.2.2"), ports, options);
  expect(done).toMatchObject([{ addresses: ["10.1.2.2"], because: "its namespace is gone" }]);
  expect(await held(ports)).toEqual(["10.1.2.3"]);
  expect(node.journal.list().map(({ holder }) => holder.attachment.container)).toEqual(["c2"]);
});

test("a kept DEL of exactly this request is evidence; one of another request is none", async () => {
  const { node, ports } = world();
  await add(ports, "c1");
  const requestId = node.journal.read(attachment("c1"))?.holder.requestId ?? "";
  const kept = { version: 1, attachment: attachment("c1"), node: "node1" };
  node.keptReleases.keep({ ...kept, requestId: "another" });
  expect(await refusal(releaseByOperator(request("10.1.2.2"), ports, options))).toStartWith("101 ");
  node.keptReleases.keep({ ...kept, requestId });
  const done = await releaseByOperator(request("10.1.2.2"), ports, options);
  expect(done).toMatchObject([{ because: "its DEL is waiting on this node" }]);
  expect(node.keptReleases.list()).toEqual([]);
});

test("by force the whole attachment is freed, in one transaction, also another node's", async () => {
  const { ports, store, nodePorts } = world();
  const dual = network(
    "net1",
    [{ subnet: "10.1.2.0/24", first: "10.1.2.1", last: "10.1.2.9", gateway: "10.1.2.1" }],
    [{ subnet: "fd00::/64", first: "fd00::1", last: "fd00::9", gateway: "fd00::1" }],
  );
  await add(ports, "c1", { network: dual });
  await add(ports, "c2", { network: dual });
  const commits = store.commits.length;
  const other = nodePorts("node2");
  const done = await releaseByOperator(request("10.1.2.2", { force: true }), other, options);
  expect(done).toMatchObject([{ addresses: ["10.1.2.2", "fd00::2"], because: "by force" }]);
  expect(store.commits.length).toBe(commits + 1);
  expect(await held(ports)).toEqual(["10.1.2.3", "fd00::3"]);
});

test("after force the address cools, the attachment's late DEL frees nothing, and its repeated ADD gets another", async () => {
  const { ports } = world();
  await add(ports, "c1");
  await releaseByOperator(request("10.1.2.2", { force: true }), ports, options);
  expect(texts(await add(ports, "c2"))).toEqual(["10.1.2.3/24"]);
  expect(texts(await add(ports, "c1"))).toEqual(["10.1.2.4/24"]);
  await del(ports, "c1");
  expect(await held(ports)).toEqual(["10.1.2.3"]);
});

test("ONLY-MINE: who gets the address while it is being freed keeps it", async () => {
  const { ports } = world();
  const network = { ...smallNetwork(2), coolingSeconds: 0 };
  await add(ports, "c1", { network });
  let pending = true;
  const raced: Ports = {
    ...ports,
    store: {
      ...ports.store,
      commit: async (transaction, call) => {
        if (pending) {
          pending = false;
          await del(ports, "c1");
          await add(ports, "c2", { network });
        }
        return ports.store.commit(transaction, call);
      },
    },
  };
  // The release waits for c1's lock only while it frees; DEL takes it too, so it is let through here.
  const node = new FakeNode("elsewhere");
  expect(await releaseByOperator(request("10.1.2.2", { force: true }), { ...raced, node }, options)).toEqual(
    [],
  );
  expect(await allocations(ports)).toEqual(new Map([["10.1.2.2", ["c2"]]]));
});

test("a hold that no attachment's record leads to is ended in the allocation", async () => {
  const { ports } = world();
  await add(ports, "c1");
  const ref = { kind: "attachment", node: "node1", id: attachment("c1") } as const;
  await ports.store.commit({ guards: [], puts: [], deletes: [ref] }, options);
  const done = await releaseByOperator(request("10.1.2.2", { force: true }), ports, options);
  expect(done).toMatchObject([{ addresses: ["10.1.2.2"] }]);
  expect(await held(ports)).toEqual([]);
});

test("GUARDED: an attachment's record that appears meanwhile is freed with the address", async () => {
  const { ports } = world();
  await add(ports, "c1");
  const ref = { kind: "attachment", node: "node1", id: attachment("c1") } as const;
  const record = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
  if (record === undefined) throw new Error("expected the ADD's record");
  await ports.store.commit({ guards: [], puts: [], deletes: [ref] }, options);
  let pending = true;
  const raced: Ports = {
    ...ports,
    store: {
      ...ports.store,
      commit: async (transaction, call) => {
        if (pending) {
          pending = false;
          await ports.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options);
        }
        return ports.store.commit(transaction, call);
      },
    },
  };
  await releaseByOperator(request("10.1.2.2", { force: true }), raced, options);
  expect((await ports.store.read({ refs: [ref] }, options)).get(ref)).toBeUndefined();
  expect(await held(ports)).toEqual([]);
});

test("ONE-STORE: another store than this node's is refused", async () => {
  const { node, ports } = world();
  await add(ports, "c1");
  node.storeMemory.remember("default", { uuid: "another", prefix: "", revision: 1 });
  expect(await refusal(releaseByOperator(request("10.1.2.2", { force: true }), ports, options))).toStartWith(
    "106 the memory store memory is not the one that this node has used",
  );
});

test("only the named container loses the address", async () => {
  const { ports } = world();
  await add(ports, "c1");
  expect(
    await releaseByOperator(request("10.1.2.2", { force: true, container: "c9" }), ports, options),
  ).toEqual([]);
  expect(await held(ports)).toEqual(["10.1.2.2"]);
});

test("a free address: nothing is done", async () => {
  const { ports, store } = world();
  expect(await releaseByOperator(request("10.1.2.2", { force: true }), ports, options)).toEqual([]);
  expect(store.commits).toEqual([]);
});

test("an ADD under way of the same attachment is cancelled", async () => {
  const { node, ports } = world();
  await add(ports, "c1");
  const { attachment: id } = addRequest(ports, "c1");
  const running = await node.lock(id, { ...options, cancelling: false });
  const done = releaseByOperator(request("10.1.2.2", { force: true }), ports, options);
  await Bun.sleep(1);
  expect(running.cancelled()).toBe(true);
  running.release();
  expect(await done).toHaveLength(1);
});

test("RESOLVED: a release whose answer was lost is read back", async () => {
  const { ports, store } = world();
  await add(ports, "c1");
  store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
  await releaseByOperator(request("10.1.2.2", { force: true }), ports, options);
  expect(await held(ports)).toEqual([]);
});

test("in one namespace only: what another namespace's pod holds counts as nobody's", async () => {
  const { ports } = world();
  await add(ports, "c1");
  expect(
    await releaseByOperator(request("10.1.2.2", { force: true, namespace: "team-b" }), ports, options),
  ).toEqual([]);
  expect(await held(ports)).toEqual(["10.1.2.2"]);
});
