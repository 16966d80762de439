import { describe, expect, test } from "bun:test";
import { free } from "../free/free.ts";
import { lookAtStore } from "../integrity/look.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord, Ref } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { add, allocations, attachment, createWorld, del, named } from "../testing/world.ts";
import { answerRecovery } from "./answer.ts";
import { beginRecovery, endRecovery } from "./begin.ts";
import { writeMissing } from "./write-missing.ts";

/** A thrown back store gets back what lives, whether or not an operator has begun a recovery. */

const soon = () => ({ deadline: performance.now() + 10_000 });
const NONE = { cached: async () => [], otherStores: async () => new Set<string>() };

/** n1 loses c1 and c2, which live on; n2 has nothing newer than the backup. */
async function thrownBack() {
  const world = createWorld({ connects: true });
  const nodes = [world.node("n1"), world.node("n2")] as const;
  const [n1, n2] = [world.ports(nodes[0]), world.ports(nodes[1])];
  await add(n2, "c0");
  const backup = world.store.save();
  await add(n1, "c1", { wish: named("10.1.2.20") });
  await add(n1, "c2", { wish: named("10.1.2.21") });
  const after = world.store.save();
  const throwBack = () => world.store.restore(backup, { movedOn: true });
  throwBack();
  const meta = async () => (await world.store.read({ refs: [refTo.meta] }, soon())).get(refTo.meta)?.record;
  const look = (ports: Ports) => lookAtStore(ports, soon()).catch(() => undefined);
  const held = async () =>
    [...(await allocations(n2))].map(([address, [container]]) => `${container} ${address}`);
  return { ...world, nodes, n1, n2, after, throwBack, meta, look, held };
}

async function recover(ports: Ports, ...answering: readonly Ports[]) {
  const { recovery } = await beginRecovery(ports, soon());
  const answers = [];
  for (const each of answering) answers.push(await answerRecovery(NONE, each, soon()));
  await endRecovery(recovery, ports, soon());
  return answers;
}

async function everything({ list }: Ports["store"]): Promise<Ref[]> {
  const refs: Ref[] = [refTo.meta];
  for (const kind of ["attachment", "allocation"] as const)
    for await (const { ref } of list({ kind }, soon())) refs.push(ref);
  return refs;
}

const ALL = ["c0 10.1.2.2", "c1 10.1.2.20", "c2 10.1.2.21"];

test("K62: what was lost is written again, all of it, and nothing twice", async () => {
  const { n1, held, look } = await thrownBack();
  await look(n1);
  expect(await writeMissing(n1, soon())).toMatchObject({ written: 2, conflicts: [] });
  expect(await held()).toEqual(ALL);
  expect(await writeMissing(n1, soon())).toMatchObject({ written: 0, conflicts: [] });
});

test("K62: a process that dies meanwhile leaves the newest missing, which is the evidence", async () => {
  const { n1, store, meta } = await thrownBack();
  let writes = 0;
  const dying: typeof store = {
    ...store,
    commit: (transaction, options) => {
      if (writes++ > 0) throw new Error("killed");
      return store.commit(transaction, options);
    },
  };
  await expect(writeMissing({ ...n1, store: dying }, soon())).rejects.toThrow("killed");
  await lookAtStore(n1, soon()).catch(() => undefined);
  expect((await meta())?.state).toBe("suspect");
});

test("K62: a DEL that comes between the listing and the writing wins", async () => {
  const { n1, store, held } = await thrownBack();
  let deleted = false;
  const raced: typeof store = {
    ...store,
    async *list(scope, options) {
      yield* store.list(scope, options);
      if (!deleted) await del(n1, "c1");
      deleted = true;
    },
  };
  expect(await writeMissing({ ...n1, store: raced }, soon())).toMatchObject({ written: 1 });
  expect(await held()).toEqual(ALL.filter((each) => !each.startsWith("c1")));
  expect(n1.node.journal.read(attachment("c1"))).toBeUndefined();
});

test("K62: what somebody else frees while a recovery looks at it is not written again", async () => {
  const { n1, n2, store, held } = await thrownBack();
  const c1 = { node: "n1", id: attachment("c1") };
  await writeMissing(n1, soon());
  await beginRecovery(n2, soon());
  let freed = false;
  const raced: typeof store = {
    ...store,
    read: async (query, options) => {
      const snapshot = await store.read(query, options);
      const own = query.refs?.some((ref) => ref.kind === "released" && ref.id.container === "c1");
      if (own === true && !freed) {
        freed = true;
        await free(c1, 0, n2, soon());
      }
      return snapshot;
    },
  };
  await answerRecovery(NONE, { ...n1, store: raced }, soon());
  expect(freed).toBe(true);
  expect(await held()).toEqual(ALL.filter((each) => !each.startsWith("c1")));
});

test("K62: a store that is being recovered, or was replaced, is left to the recovery", async () => {
  const { n1, meta, store } = await thrownBack();
  await beginRecovery(n1, soon());
  expect(await writeMissing(n1, soon())).toBeUndefined();
  const record = { ...(await meta()), uuid: "another", state: "ready" } as MetaRecord;
  await store.commit({ guards: [], puts: [{ ref: refTo.meta, record }], deletes: [] }, soon());
  expect(await writeMissing(n1, soon())).toMatchObject({ written: 0 });
});

describe("an address that another one got before anybody noticed", () => {
  async function contested() {
    const at = await thrownBack();
    await add(at.n2, "x1", { wish: named("10.1.2.20") });
    await at.look(at.n1);
    return at;
  }

  test("K63: stays with that one, and is told each time until one of the two is gone", async () => {
    const { n1, n2, held } = await contested();
    for (const written of [1, 0]) {
      const conflicts = [{ address: "10.1.2.20", attachment: { container: "c1" } }];
      expect(await writeMissing(n1, soon())).toMatchObject({ written, conflicts });
    }
    expect(await held()).toEqual(["c0 10.1.2.2", "x1 10.1.2.20", "c2 10.1.2.21"]);
    await del(n2, "x1");
    expect(await writeMissing(n1, soon())).toMatchObject({ written: 1, conflicts: [] });
  });

  test("K60: a conflict that a recovery has told is no new evidence, whatever else has ended", async () => {
    const { n1, n2, meta, look } = await contested();
    const [answer] = await recover(n2, n1, n2);
    expect(answer?.conflicts).toMatchObject([{ address: "10.1.2.20" }]);
    await del(n1, "c2");
    await look(n1);
    await add(n1, "c3");
    expect((await meta())?.state).toBe("ready");
    // The other one ends: the address is its again, and proves something again.
    await del(n2, "x1");
    await answerRecovery(NONE, n1, soon());
    expect(n1.node.journal.read(attachment("c1"))?.contested).toBeUndefined();
  });

  test("K63: a killed DEL had freed it, and nobody is told anything", async () => {
    const { n1, nodes } = await contested();
    nodes[0].interrupted.add("c1");
    expect(await writeMissing(n1, soon())).toMatchObject({ written: 1, conflicts: [] });
    expect(n1.node.journal.read(attachment("c1"))).toBeUndefined();
  });
});

describe("a store that is thrown back into, or behind, a recovery", () => {
  test("K64: nobody trusts the answers that it has, and it is stopped", async () => {
    const { n1, n2, store, meta, after } = await thrownBack();
    store.restore(after, { movedOn: true });
    const { recovery } = await beginRecovery(n2, soon());
    for (const each of [n1, n2]) await answerRecovery(NONE, each, soon());
    const within = store.save();
    await endRecovery(recovery, n2, soon());
    await add(n1, "c3");
    store.restore(within, { movedOn: true });
    expect((await beginRecovery(n2, soon())).begun).toBe(false);
    await expect(answerRecovery(NONE, n1, soon())).rejects.toThrow("is older than");
    expect((await meta())?.state).toBe("suspect");
    await expect(endRecovery(recovery, n2, soon())).rejects.toThrow("a node has stopped all nodes");
    await recover(n2, n1, n2);
    expect((await meta())?.state).toBe("ready");
  });

  test("K64: an answer that cannot know of what was lost since is given again", async () => {
    const { n1, n2, store, after, held } = await thrownBack();
    store.restore(after, { movedOn: true });
    const { recovery } = await beginRecovery(n2, soon());
    await answerRecovery(NONE, n1, soon());
    // As a store that was thrown back to here may show it, to a node that saw nothing of it since.
    const deletes = [refTo.attachment("n1", attachment("c1"))];
    await store.commit({ guards: [], puts: [], deletes }, soon());
    expect(await answerRecovery(NONE, n1, soon())).toMatchObject({ recovery, written: 1 });
    expect(await held()).toEqual(ALL);
    expect(await answerRecovery(NONE, n1, soon())).toBeUndefined();
  });

  test("K64: also by a node that took no part in that recovery, but in a later one", async () => {
    const { n1, n2, store, meta, after, look } = await thrownBack();
    store.restore(after, { movedOn: true });
    await recover(n2, n2);
    const first = store.save();
    await recover(n2, n1, n2);
    store.restore(first, { movedOn: true });
    // Without the names of former recoveries n1 would take the first one for a new one, and answer it.
    await look(n1);
    expect((await meta())?.state).toBe("suspect");
    expect(await answerRecovery(NONE, n1, soon())).toBeUndefined();
  });

  test("K64: what a recovery found standing in a new store is evidence of that store from then on", async () => {
    const { n1, n2, store, meta, look } = await thrownBack();
    // Emptied: the recovery gives it another UUID.
    await store.commit({ guards: [], puts: [], deletes: await everything(store) }, soon());
    await recover(n2, n1, n2);
    const deletes = [refTo.attachment("n1", attachment("c2"))];
    await store.commit({ guards: [], puts: [], deletes }, soon());
    await look(n1);
    expect((await meta())?.state).toBe("suspect");
  });

  test("K64: a node that lost dataDir does not know whether its answer is of now, and answers again", async () => {
    const { n1, n2, nodes, held } = await thrownBack();
    await recover(n2, n1, n2);
    await free({ node: "n1", id: attachment("c1") }, 0, n2, soon());
    nodes[0].loseDisk();
    await n2.store.commit(
      { guards: [], puts: [], deletes: [refTo.released("n1", attachment("c1"))] },
      soon(),
    );
    expect(await answerRecovery(NONE, n1, soon())).toMatchObject({ written: 1 });
    expect(await held()).toEqual(ALL);
  });
});
