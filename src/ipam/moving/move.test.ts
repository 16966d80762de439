import { expect, test } from "bun:test";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { MOVED_KINDS } from "../carried-kinds.ts";
import { readIdentity } from "../integrity/replace-identity.ts";
import type { MetaRecord } from "../records.ts";
import type { CallOptions, Store } from "../store-port.ts";
import { add, addAndDeliver, addRequest, attachment, createWorld, del } from "../testing/world.ts";
import { moveStore } from "./move.ts";
import { abortMove } from "./states.ts";

/** A move that is killed anywhere, repeated and taken back: never do two stores give out addresses. */

const soon = (): CallOptions => ({ deadline: performance.now() + 10_000 });
const silent = { step: () => undefined, read: () => undefined, wrote: () => undefined };

async function recordsOf(store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const kind of MOVED_KINDS)
    for await (const { record, ref } of store.list({ kind }, soon()))
      found.push(
        JSON.stringify([ref, record], (_, value) => (typeof value === "bigint" ? String(value) : value)),
      );
  return found;
}

const metaOf = async (store: Store): Promise<MetaRecord | undefined> =>
  (await readIdentity({ store }, soon()))?.record;

async function filled() {
  const world = createWorld();
  const node = world.node("n1");
  const ports = world.ports(node);
  for (const container of ["a", "b", "c"]) await add(ports, container);
  await del(ports, "c");
  return { world, node, ports, target: createMemoryStore() };
}

/** Ends like a killed process at the nth commit of either store: before or after it is performed. */
function dying(store: Store, budget: { left: number }, performs: boolean): Store {
  return {
    ...store,
    commit: async (transaction, options) => {
      if (budget.left === 0) throw new Error("killed");
      budget.left -= 1;
      if (budget.left > 0) return store.commit(transaction, options);
      if (performs) await store.commit(transaction, options);
      throw new Error("killed");
    },
  };
}

const isKilled = (failure: unknown) => {
  if (String(failure) !== "Error: killed") throw failure;
};

test("K310: killed at each write and repeated, a move ends with all records at one open store", async () => {
  for (const performs of [false, true])
    for (let commits = 1; commits < 40; commits++) {
      const { target, world } = await filled();
      const before = await recordsOf(world.store);
      const budget = { left: commits };
      const pair = {
        source: dying(world.store, budget, performs),
        target: dying(target, budget, performs),
      };
      await moveStore(pair, soon, silent).catch(isKilled);
      const states = [(await metaOf(world.store))?.state, (await metaOf(target))?.state];
      expect(states.filter((state) => state === "ready").length).toBeLessThan(2);
      await moveStore({ source: world.store, target }, soon, silent);
      expect((await metaOf(world.store))?.state).toBe("moved");
      expect(await metaOf(target)).toMatchObject({ state: "ready", uuid: (await metaOf(world.store))?.uuid });
      expect(await recordsOf(target)).toEqual(before);
    }
});

test("K311: killed at each write and taken back, the source gives out again, and a later move still works", async () => {
  for (let commits = 1; commits < 40; commits++) {
    const { ports, target, world } = await filled();
    const pair = { source: world.store, target };
    const budget = { left: commits };
    const killed = await moveStore(
      { source: dying(world.store, budget, true), target: dying(target, budget, true) },
      soon,
      silent,
    ).catch(isKilled);
    if (killed !== undefined || (await metaOf(target))?.state === "ready") {
      await expect(abortMove(pair, soon)).rejects.toThrow("is open");
      break;
    }
    // The command that takes it back is killed, too.
    const few = { left: (commits % 3) + 1 };
    await abortMove({ source: dying(world.store, few, true), target: dying(target, few, true) }, soon).catch(
      isKilled,
    );
    await abortMove(pair, soon);
    expect((await metaOf(world.store))?.state).toBe("ready");
    expect((await metaOf(target))?.state).not.toBe("ready");
    await add(ports, "later");
    await moveStore(pair, soon, silent);
    expect(await recordsOf(target)).toEqual(await recordsOf(world.store));
  }
});

test("K312: while and after it moves, the source refuses ADDs and keeps DELs; the node takes the target after its answer", async () => {
  const { node, ports, target, world } = await filled();
  await moveStore({ source: world.store, target }, soon, silent);
  await expect(addAndDeliver(addRequest(ports, "d", { seconds: 2 }), ports)).rejects.toThrow(
    "address spaces live in",
  );
  await expect(del(ports, "a")).rejects.toThrow("address spaces live in");
  expect(node.keptReleases.of(attachment("a"))).toBeDefined();
  const there = { ...ports, store: target };
  await expect(addAndDeliver(addRequest(there, "d", { seconds: 2 }), there)).rejects.toThrow(
    "not reported yet",
  );
});

test("K313: taken back by another command at any moment of a move, never two stores are open", async () => {
  for (let reads = 1; reads < 30; reads++) {
    const { target, world } = await filled();
    let left = reads;
    /** What a read has seen may be over when it is answered. */
    const interrupted = (store: Store): Store => ({
      ...store,
      read: async (query, options) => {
        const seen = await store.read(query, options);
        left -= 1;
        if (left === 0) await abortMove({ source: world.store, target }, soon).catch(() => undefined);
        return seen;
      },
    });
    const pair = { source: interrupted(world.store), target: interrupted(target) };
    await moveStore(pair, soon, silent).catch((failure) => expect(failure.name).toBe("tryAgain"));
    const states = [(await metaOf(world.store))?.state, (await metaOf(target))?.state];
    expect(states.filter((state) => state === "ready")).toHaveLength(1);
  }
});

test("K323: another command moves, too, at any moment: one of the two does it, and all is there once", async () => {
  for (let reads = 1; reads < 30; reads++) {
    const { target, world } = await filled();
    const before = await recordsOf(world.store);
    let left = reads;
    const overtaken = (store: Store): Store => ({
      ...store,
      read: async (query, options) => {
        const seen = await store.read(query, options);
        left -= 1;
        if (left === 0) await moveStore({ source: world.store, target }, soon, silent);
        return seen;
      },
    });
    const pair = { source: overtaken(world.store), target: overtaken(target) };
    // It finds the other one at work, or the target in use already.
    await moveStore(pair, soon, silent).catch((failure) =>
      expect(["tryAgain", "storeCannotWrite"]).toContain(failure.name),
    );
    const states = [(await metaOf(world.store))?.state, (await metaOf(target))?.state];
    expect(states).toEqual(["moved", "ready"]);
    expect(await recordsOf(target)).toEqual(before);
  }
});

test("K323: what the first of two commands sends late is not written any more", async () => {
  const { ports, target, world } = await filled();
  const [sent, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: Store = {
    ...target,
    commit: async (transaction, options) => {
      if (transaction.puts.some(({ ref }) => ref.kind === "allocation")) {
        sent.resolve();
        await late.promise;
      }
      return target.commit(transaction, options);
    },
  };
  const first = moveStore({ source: world.store, target: slow }, soon, silent).catch((failure) => failure);
  await sent.promise;
  for (const container of ["a", "b"]) await del(ports, container);
  /** At the last moment: both stores were compared. */
  const opening: Store = {
    ...target,
    commit: async (transaction, options) => {
      if (transaction.puts.some(({ record }) => "state" in record && record.state === "ready")) {
        late.resolve();
        expect((await first).name).toBe("tryAgain");
      }
      return target.commit(transaction, options);
    },
  };
  await moveStore({ source: world.store, target: opening }, soon, silent);
  expect(await recordsOf(target)).toEqual(await recordsOf(world.store));
});

test("K324: taken back while the source still gives out addresses, the command that copies stops nobody any more", async () => {
  const { ports, target, world } = await filled();
  const pair = { source: world.store, target };
  let isTakenBack = false;
  const taken: Store = {
    ...target,
    commit: async (transaction, options) => {
      if (!isTakenBack && transaction.puts.some(({ ref }) => ref.kind === "allocation")) {
        isTakenBack = true;
        expect(await abortMove(pair, soon)).toBe(true);
      }
      return target.commit(transaction, options);
    },
  };
  await expect(moveStore({ source: world.store, target: taken }, soon, silent)).rejects.toThrow(
    "taken it back meanwhile",
  );
  expect((await metaOf(world.store))?.state).toBe("ready");
  await add(ports, "later");
  expect(await abortMove(pair, soon)).toBe(false);
  await moveStore(pair, soon, silent);
  expect(await recordsOf(target)).toEqual(await recordsOf(world.store));
});
