import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { allocate } from "../allocate/allocate.ts";
import { reclaim } from "../free/reclaim.ts";
import { release } from "../free/release.ts";
import { undo } from "../free/undo.ts";
import type { Ports } from "../ports.ts";
import type { AllocationRecord, AttachmentRecord, Holder } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { Put } from "../store-port.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import {
  add,
  addRequest,
  allocations,
  attachment,
  createWorld,
  del,
  named,
  texts,
} from "../testing/world.ts";

/** ONLY-MINE: who frees, repeats or undoes touches exactly the record that it means. */

const space = "default";
const ref = { kind: "allocation", space, address: parseAddress("10.1.2.2") } as const;
const entryRef = { kind: "attachment", node: "n1", id: attachment("c1") } as const;
const owner = { kind: "Pod", namespace: "default", name: "p" };
const options = () => ({ deadline: performance.now() + 5000 });

/** `intrude` happens once, before the call to the store that `count` says. */
function world(count = 0, intrude: (ports: Ports) => Promise<unknown> = async () => {}) {
  let left = 0;
  const made = createWorld({
    pause: async () => {
      if (left > 0 && --left === 0) await intrude(ports);
    },
  });
  const ports = made.ports(made.node("n1"));
  const arm = () => {
    left = count;
  };
  return { ...made, ports, arm };
}

function write(ports: Ports, ...puts: Put[]): Promise<unknown> {
  return ports.store.commit({ guards: [], puts, deletes: [] }, options());
}

async function recordsOf(ports: Ports): Promise<{ entry: AttachmentRecord; allocation: AllocationRecord }> {
  const seen = await ports.store.read({ refs: [ref, entryRef] }, options());
  const [entry, allocation] = [seen.get(entryRef)?.record, seen.get(ref)?.record];
  if (entry === undefined || allocation === undefined) throw new Error("expected c1 to hold 10.1.2.2");
  return { entry, allocation };
}

/** The address goes to another attachment, and the old one's entry stays as it was. */
async function giveAway(ports: Ports): Promise<void> {
  const { allocation } = await recordsOf(ports);
  await write(ports, { ref, record: { ...allocation, holders: [await other(ports)] } });
}

/** Another holder joins, as in a live migration. */
async function share(ports: Ports): Promise<void> {
  const { allocation } = await recordsOf(ports);
  await write(ports, {
    ref,
    record: { ...allocation, holders: [...allocation.holders, await other(ports)] },
  });
}

async function other(ports: Ports): Promise<Holder> {
  const { entry } = await recordsOf(ports);
  return { ...entry.holder, attachment: attachment("other"), node: "n2", requestId: "another" };
}

describe("DEL", () => {
  test("of an entry whose address somebody else has leaves that one alone", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await giveAway(ports);
    await del(ports, "c1");
    expect([...(await allocations(ports))]).toEqual([["10.1.2.2", ["other"]]]);
  });

  test("of one holder leaves the other one", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await share(ports);
    await del(ports, "c1");
    expect([...(await allocations(ports))]).toEqual([["10.1.2.2", ["other"]]]);
  });

  test("GUARDED: a holder that joins between its look and its commit is seen", async () => {
    const { arm, ports } = world(2, share);
    await add(ports, "c1");
    arm();
    await del(ports, "c1");
    expect([...(await allocations(ports))]).toEqual([["10.1.2.2", ["other"]]]);
  });

  test("GUARDED: a reservation that an operator takes over while it would end stays", async () => {
    const reservationRef = { ...ref, kind: "reservation" } as const;
    const operators = { version: 1, kind: "operator", owner, retain: "keep", since: "" } as const;
    const { arm, ports } = world(4, (intruded) =>
      write(intruded, { ref: reservationRef, record: operators }),
    );
    const wish = { ...named("10.1.2.2"), retain: "delete", owner: { owner } } as const;
    await add(ports, "c1", { pod: { namespace: "default", name: "p" }, wish });
    arm();
    await del(ports, "c1");
    const seen = await ports.store.read({ refs: [reservationRef] }, options());
    expect(seen.get(reservationRef)?.record.kind).toBe("operator");
    expect((await allocations(ports)).size).toBe(0);
  });

  test("ONE-STORE: is refused by another store than the ADD's, and kept", async () => {
    const { ports } = world();
    await add(ports, "c1");
    const record = { version: 1, uuid: "another-store", state: "ready" } as const;
    await write(ports, { ref: refTo.meta, record });
    await expect(del(ports, "c1")).rejects.toMatchObject({ code: 106 });
    expect(ports.node.keptReleases.list().length).toBe(1);
    expect((await allocations(ports)).size).toBe(1);
  });

  test("that is kept is an answer only where somebody replays it soon", async () => {
    const { ports, store } = world();
    await add(ports, "c1");
    const request = { attachment: attachment("c1"), coolingSeconds: 0, ...options() };
    store.faults.push({ on: "read", kind: "unavailable" }, { on: "read", kind: "unavailable" });
    await expect(release(request, ports)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await release({ ...request, acceptKept: true }, ports)).toBe("kept");
    expect(ports.node.keptReleases.list().length).toBe(1);
  });
});

test("K350: a DEL that the store refuses is kept, and an answer: the pod ends, its address stays held until somebody puts that right", async () => {
  const { ports, store } = world();
  await add(ports, "c1");
  store.faults.push({ on: "read", kind: "refused" });
  const request = { attachment: attachment("c1"), coolingSeconds: 0, ...options() };
  expect(await release(request, ports)).toBe("kept");
  expect([...(await allocations(ports)).values()]).toEqual([["c1"]]);
  await reclaim(ports, { records: 4, deadline: options().deadline });
  expect((await allocations(ports)).size).toBe(0);
  expect(ports.node.keptReleases.list()).toEqual([]);
});

describe("a kept DEL that does not know which ADD it ended", () => {
  const kept = { version: 1, attachment: attachment("c1"), node: "n1" };
  const limits = () => ({ records: 4, deadline: options().deadline });

  test("frees nothing while the namespace lives, and waits", async () => {
    const { ports } = world();
    await add(ports, "c1");
    ports.node.keptReleases.keep(kept);
    expect(await reclaim(ports, limits())).toBe(0);
    expect([...(await allocations(ports)).values()]).toEqual([["c1"]]);
    expect(ports.node.keptReleases.list().length).toBe(1);
  });

  test("frees what a dead namespace left, and is done", async () => {
    const { ports } = world();
    await add(ports, "c1");
    (ports.node as FakeNode).removeNamespace("/run/netns/c1");
    ports.node.keptReleases.keep(kept);
    expect(await reclaim(ports, limits())).toBe(1);
    expect((await allocations(ports)).size).toBe(0);
    expect(ports.node.keptReleases.list()).toEqual([]);
  });
});

describe("a repeated ADD", () => {
  test("whose address somebody else has gets another one", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await giveAway(ports);
    await add(ports, "c1");
    expect([...(await allocations(ports)).values()]).toEqual([["other"], ["c1"]]);
  });

  test("whose address nobody has any more gets one", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await ports.store.commit({ guards: [], puts: [], deletes: [ref] }, options());
    expect(texts(await add(ports, "c1")).length).toBe(1);
    expect([...(await allocations(ports)).values()]).toEqual([["c1"]]);
  });

  test("GUARDED: an address given away between its look and its commit is not taken back", async () => {
    const { arm, ports } = world(3, giveAway);
    await add(ports, "c1");
    arm();
    await add(ports, "c1");
    expect([...(await allocations(ports)).values()]).toEqual([["other"], ["c1"]]);
  });

  test("is not undone: the first one's result was delivered", async () => {
    const { ports } = world();
    await add(ports, "c1");
    await undo(await add(ports, "c1"), ports, options().deadline);
    expect([...(await allocations(ports)).values()]).toEqual([["c1"]]);
  });
});

describe("an ADD that is not wanted any more keeps nothing", () => {
  test("since the process was asked to end", async () => {
    const { ports } = world();
    const ending = AbortSignal.abort();
    await expect(allocate({ ...addRequest(ports, "c1"), ending }, ports)).rejects.toMatchObject({ code: 11 });
    expect((await allocations(ports)).size).toBe(0);
  });

  test.each(["device", "inode"])("since another namespace (%s) is at its path", async (part) => {
    const { ports } = world();
    const request = addRequest(ports, "c1");
    const node = ports.node as FakeNode;
    const real = node.namespaceState.bind(node);
    let looks = 0;
    node.namespaceState = (trace) => {
      const { namespace } = trace;
      if (++looks === 2) node.createNamespace(namespace.path, { ...namespace, [part]: "99" });
      return real(trace);
    };
    await expect(allocate(request, ports)).rejects.toMatchObject({ code: 4 });
    expect((await allocations(ports)).size).toBe(0);
  });
});

test("GUARDED: an entry that the old attachment gets between look and commit stops the hand-over", async () => {
  const { arm, ports } = world(4, (intruded) =>
    write(intruded, { ref: entryRef, record: { ...lost, addresses: [...lost.addresses, "10.1.2.77"] } }),
  );
  await add(ports, "c1", { wish: named("10.1.2.2") });
  const lost = (await recordsOf(ports)).entry;
  await ports.store.commit({ guards: [], puts: [], deletes: [entryRef] }, options());
  (ports.node as FakeNode).removeNamespace("/run/netns/c1");
  arm();
  expect(texts(await add(ports, "c2", { wish: named("10.1.2.2") }))).toEqual(["10.1.2.2/24"]);
  const seen = await ports.store.read({ refs: [entryRef] }, options());
  expect(seen.get(entryRef)).toBeUndefined();
});
