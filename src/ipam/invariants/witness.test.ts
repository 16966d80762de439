import { describe, expect, spyOn, test } from "bun:test";
import { allocate } from "../allocate/allocate.ts";
import { free } from "../free/free.ts";
import { freeFenced } from "../free/free-fenced.ts";
import { livingWitness } from "../integrity/living-witness.ts";
import { lookAtStore } from "../integrity/look.ts";
import type { Ports } from "../ports.ts";
import { refTo } from "../ref-to.ts";
import { calledBy } from "../testing/called-by.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, addRequest, attachment, createWorld, del, named, texts } from "../testing/world.ts";

/** ONE-STORE by a witness: what the store had confirmed, and what lives, must be in the store. */

const soon = () => ({ deadline: performance.now() + 10_000 });

/** Two machines on a store with c1 on n1, which is then thrown back to before what follows. */
async function world(foresight: "guessing" | boolean = false) {
  // The plugin alone is a new process for each ADD, and knows of no connection.
  const made = createWorld({ foresight, connects: foresight !== "guessing" });
  const nodes = [made.node("n1"), made.node("n2")] as const;
  const [n1, n2] = [made.ports(nodes[0]), made.ports(nodes[1])];
  await add(n1, "c1");
  const saved = made.store.save();
  const throwBack = () => made.store.restore(saved, { movedOn: true });
  const state = async () =>
    (await made.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record.state;
  const record = (container: string) => recordOf(n1, container);
  return { ...made, nodes, n1, n2, throwBack, state, record };
}

async function recordOf({ store, node }: Ports, container: string) {
  const ref = refTo.attachment(node.name, attachment(container));
  return (await store.read({ refs: [ref] }, soon())).get(ref)?.record;
}

function code(work: Promise<unknown>): Promise<number> {
  return work.then(
    () => 0,
    (failure) => failure.code,
  );
}

describe("a lost holding stops all nodes", () => {
  test.each([false, true, "guessing"] as const)("K61: foresight %p", async (foresight) => {
    const { n1, n2, throwBack, state } = await world(foresight);
    await add(n1, "c2");
    throwBack();
    expect(await code(add(n1, "c3"))).toBe(106);
    expect(await state()).toBe("suspect");
    expect(await code(add(n2, "c4"))).toBe(106);
  });

  test("K61: also where a repeated ADD was noted last, whose record is of an earlier state", async () => {
    const { n1, throwBack, state } = await world();
    await add(n1, "c2");
    await add(n1, "c1");
    throwBack();
    expect(await code(add(n1, "c3"))).toBe(106);
    expect(await state()).toBe("suspect");
  });

  test("K61: also where all is there that the plugin alone holds, but the epoch that it saw is not", async () => {
    const { n1, n2, nodes, store } = await world("guessing");
    await add(n1, "c2");
    const saved = store.save();
    for (let time = 0; time < 2; time++) {
      nodes[1].waitLong();
      await lookAtStore(n2, soon());
    }
    await lookAtStore(n1, soon());
    store.restore(saved, { movedOn: true });
    expect(await code(add(n1, "c3"))).toBe(106);
  });

  test.each([
    ["another cluster answers", { movedOn: true, lineage: "b" }],
    ["the revision is lower", {}],
  ])("K61: also where all is there that the plugin alone holds, but %s", async (_name, thrown) => {
    const made = createWorld({ foresight: "guessing", lineage: "a" });
    const [n1, n2] = [made.ports(made.node("n1")), made.ports(made.node("n2"))];
    await add(n1, "c1");
    await add(n1, "c2");
    const saved = made.store.save();
    await add(n2, "c9");
    await lookAtStore(n1, soon());
    made.store.restore(saved, thrown);
    expect(await code(add(n1, "c3"))).toBe(106);
    expect(await recordOf(n1, "c3")).toBeUndefined();
  });

  test("K61: also after a repeated ADD, for the plugin alone, which then guesses no address", async () => {
    const { n1, throwBack } = await world("guessing");
    await add(n1, "c2");
    await add(n1, "c2");
    throwBack();
    expect(await code(add(n1, "c3"))).toBe(106);
  });

  test("K61: also where an earlier life of the container has the place of its record", async () => {
    const { n1, nodes, throwBack } = await world();
    await del(n1, "c1");
    await add(n1, "c0");
    nodes[0].createNamespace("/run/netns/c1");
    await add(n1, "c1");
    throwBack();
    expect(await code(add(n1, "c3"))).toBe(106);
  });

  test("K61: also where ADDs that ran at once were noted in another order than they were committed", async () => {
    const { n1, throwBack, store } = await world();
    const [first, second] = [addRequest(n1, "c2"), addRequest(n1, "c3")];
    const one = await allocate(first, n1);
    const between = store.save();
    const two = await allocate(second, n1);
    for (const { attachment: id, requestId, revision } of [two, one])
      n1.node.witnesses.note([{ space: "default", id, requestId, revision }]);
    throwBack();
    store.restore(between, { movedOn: true });
    expect(await code(add(n1, "c4"))).toBe(106);
  });
});

describe("no false alarm", () => {
  const quiet = async (happening: (at: Awaited<ReturnType<typeof world>>) => Promise<unknown>) => {
    const at = await world();
    await add(at.n1, "c2");
    await happening(at);
    await add(at.n1, "c3");
    expect(await at.state()).toBe("ready");
    return at;
  };
  const freeC2 = async ({ record }: Awaited<ReturnType<typeof world>>, by: Ports) => {
    const { requestId = "" } = (await record("c2"))?.holder ?? {};
    return free({ node: "n1", id: attachment("c2"), requestId }, 0, by, soon());
  };

  test("K60: somebody else freed it, and the node forgets it with the notice", async () => {
    const { nodes, store } = await quiet((at) => freeC2(at, at.n2));
    expect(nodes[0].journal.read(attachment("c2"))).toBeUndefined();
    const notice = refTo.released("n1", attachment("c2"));
    expect((await store.read({ refs: [notice] }, soon())).get(notice)).toBeUndefined();
  });

  test("K60: another process that is called as this node freed it, and has not this node's journal", async () => {
    const namesake = (at: Awaited<ReturnType<typeof world>>) =>
      Object.assign(at.node("n1"), { namespaceState: () => "unknown" as const });
    await quiet((at) => freeC2(at, at.ports(namesake(at))));
  });

  describe("K60: its node counts as fenced, although it runs on", () => {
    const POD = { namespace: "default", name: "old", uid: "uid-old" };
    const fenced = async () => {
      const made = createWorld();
      const cluster = new FakeCluster("cluster-1");
      cluster.nodes.set("n1", nodeFacts({ bootId: "boot-1" }));
      cluster.addPod(podFacts());
      const n1 = made.ports(made.node("n1"), cluster, "cluster-1");
      await add(n1, "c1", { pod: POD, wish: { ...named("10.1.2.9"), pod: podFacts() } });
      cluster.pods.clear();
      cluster.nodes.clear();
      const state = async () =>
        (await made.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record.state;
      return { cluster, n1, state };
    };

    test("another pod of this node takes its address", async () => {
      const { cluster, n1, state } = await fenced();
      const next = podFacts({ name: "new", uid: "uid-new" });
      cluster.addPod(next);
      const pod = { namespace: "default", name: "new", uid: "uid-new" };
      await allocate(addRequest(n1, "c2", { pod, wish: { ...named("10.1.2.9"), pod: next } }), n1);
      await lookAtStore(n1, soon());
      expect(await state()).toBe("ready");
      expect(n1.node.journal.read(attachment("c1"))).toBeUndefined();
    });

    test("an operator's command frees it there, and is killed before the node has forgotten it", async () => {
      const { cluster, n1, state } = await fenced();
      const known = n1.node.journal.read(attachment("c1"));
      const ports = { ...n1, cluster, clusterNames: calledBy("cluster-1") };
      for await (const entry of n1.store.list({ kind: "attachment" }, soon()))
        expect((await freeFenced(entry, 0, ports, soon()))?.fence).toBe("node-deleted");
      if (known !== undefined) n1.node.journal.write(known);
      await lookAtStore(n1, soon());
      expect(await state()).toBe("ready");
      expect(n1.node.journal.read(attachment("c1"))).toBeUndefined();
    });
  });

  test("K60: a DEL was killed that had freed it", async () => {
    await quiet(async (at) => {
      const id = attachment("c2");
      await free(
        { node: "n1", id, expected: { space: "default", addresses: ["10.1.2.3"] } },
        0,
        at.n1,
        soon(),
      );
      at.nodes[0].interrupted.add("c2");
    });
  });

  test("K60: a DEL of it waits", async () => {
    await quiet(async ({ nodes, store }) => {
      nodes[0].keptReleases.keep({ version: 1, attachment: attachment("c2"), node: "n1" });
      const deletes = [refTo.attachment("n1", attachment("c2"))];
      await store.commit({ guards: [], puts: [], deletes }, soon());
    });
  });

  test("K60: a recovery found that another one has it, and told the conflict", async () => {
    await quiet(async ({ nodes, store }) => {
      const entry = nodes[0].journal.read(attachment("c2"));
      if (entry !== undefined) nodes[0].journal.write({ ...entry, contested: true });
      const deletes = [refTo.attachment("n1", attachment("c2"))];
      await store.commit({ guards: [], puts: [], deletes }, soon());
    });
  });

  test("K60: its result was never delivered, or its ADD died before it committed", async () => {
    await quiet(async ({ n1, store }) => {
      await allocate(addRequest(n1, "c9"), n1);
      const deletes = [refTo.attachment("n1", attachment("c9"))];
      await store.commit({ guards: [], puts: [], deletes }, soon());
    });
  });

  test("a full store frees nothing of another node, because it takes no notice", async () => {
    const at = await world();
    await add(at.n1, "c2");
    at.store.full = true;
    expect(await freeC2(at, at.n2).catch((failure) => failure.kind)).toBe("no-space");
    expect((await freeC2(at, at.n1))?.addresses).toEqual(["10.1.2.3"]);
  });
});

test("a witness is of this store: by its identity, or by its place where the node remembers none", async () => {
  const { n1, nodes } = await world();
  const witness = (uuid?: string) =>
    livingWitness("default", uuid === undefined ? undefined : { uuid, prefix: "", revision: 0 }, n1)?.entry;
  const known = nodes[0].storeMemory.recall("default")?.uuid ?? "";
  expect(witness(known)?.holder.attachment.container).toBe("c1");
  expect(witness("another")).toBeUndefined();
  expect(witness()?.storeUuid).toBe(known);
  const elsewhere = { ...n1.store, description: { ...n1.store.description, location: "elsewhere" } };
  expect(livingWitness("default", undefined, { ...n1, store: elsewhere })).toBeUndefined();
  expect(livingWitness("other", undefined, n1)).toBeUndefined();
});

test("K61: where dataDir was lost, what lives on the node says which store it has used", async () => {
  const { n1, nodes, store, state } = await world();
  nodes[0].loseDisk();
  store.restore({ revision: 1, records: new Map() });
  expect(await code(add(n1, "c2"))).toBe(106);
  expect(await state()).toBeUndefined();
});

test("K61: a stopped store repeats only what a sandbox has by its node's own word", async () => {
  const { n1, nodes, throwBack } = await world();
  const c2 = texts(await add(n1, "c2"));
  throwBack();
  expect(await code(add(n1, "c3"))).toBe(106);
  expect(texts(await add(n1, "c1"))).toEqual(["10.1.2.2/24"]);
  expect(await code(add(n1, "c2"))).toBe(106);
  // The container was started again: it is a new sandbox.
  nodes[0].removeNamespace("/run/netns/c1");
  expect(await code(add(n1, "c1"))).toBe(106);
  expect(c2).toEqual(["10.1.2.3/24"]);
});

test("the journal is not read for a space that has no witness, however many others have", async () => {
  const { n1 } = await world();
  for (const container of ["c2", "c3"]) await add(n1, container);
  const read = spyOn(n1.node.journal, "read");
  expect(livingWitness("another", undefined, n1)).toBeUndefined();
  expect(read).not.toHaveBeenCalled();
  expect(livingWitness("default", undefined, n1)).toBeDefined();
  expect(read).toHaveBeenCalledTimes(1);
});
