import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { createMemoryStore, type MemoryStore } from "../../store/memory/memory-store.ts";
import { type Giver, usageOf } from "../audit/usage.ts";
import type { ClusterPorts } from "../ports.ts";
import { refTo } from "../ref-to.ts";
import { intervalOf } from "../reserve/reserved-ranges.ts";
import { type Put, type Store, StoreFailure, type StoreFailureKind } from "../store-port.ts";
import { calledBy } from "../testing/called-by.ts";
import { holder } from "../testing/hand-over.ts";
import { network, smallNetwork } from "../testing/world.ts";
import { StoreFollower } from "./follow-store.ts";
import { takenIn } from "./taken.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });
const ending: AbortController[] = [];
afterEach(() => {
  for (const each of ending.splice(0)) each.abort();
});

const SIX = network("net6", [
  { subnet: "fd00::/64", first: "fd00::2", last: "fd00::ff", gateway: "fd00::1" },
]);
const GIVERS: readonly Giver[] = [
  { source: "network", name: "net1", space: "default", rules: [smallNetwork(20), SIX] },
  { source: "network", name: "net1", space: "other", rules: [smallNetwork(20)] },
];

/** A store whose watches end when the test says so, and that counts listings. */
function breakable(store: MemoryStore) {
  const told: { lists: number; listed?: (kind: string) => Promise<unknown> } = { lists: 0 };
  let fail: ((failure: Error) => void) | undefined;
  const wrapped: Store = {
    ...store,
    list: async function* (scope, options) {
      told.lists += 1;
      yield* store.list(scope, options);
      await told.listed?.(scope.kind);
    },
    changes: async function* (kinds, since, options) {
      const broken = new Promise<never>((_, reject) => (fail = reject));
      broken.catch(() => undefined);
      const changes = store.changes(kinds, since, options)[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([changes.next(), broken]);
        if (next.done === true) return;
        yield next.value;
      }
    },
  };
  return {
    wrapped,
    told,
    breakOff: (kind: StoreFailureKind = "history-lost") => fail?.(new StoreFailure(kind, "it broke off")),
  };
}

function follow(store: MemoryStore) {
  const { breakOff, told, wrapped } = breakable(store);
  const ports = {
    store: wrapped,
    clusterNames: calledBy("c"),
    log: () => undefined,
  } as unknown as ClusterPorts;
  const end = new AbortController();
  ending.push(end);
  const follower = new StoreFollower(ports, () => undefined, 1);
  const over = follower.run(end.signal);
  const whole = async () => {
    for (;;) {
      if (follower.whole !== undefined) return follower.whole;
      await Bun.sleep(1);
    }
  };
  return { breakOff, told, whole, over, end: () => end.abort() };
}

/** What is counted in the store itself. */
async function recount(store: Store) {
  const listed = {
    allocation: await Array.fromAsync(store.list({ kind: "allocation" }, soon())),
    reservation: await Array.fromAsync(store.list({ kind: "reservation" }, soon())),
    cooling: await Array.fromAsync(store.list({ kind: "cooling" }, soon())),
  };
  const ranges = await Array.fromAsync(store.list({ kind: "reservedRanges" }, soon()));
  return usageOf(GIVERS, {
    values: (kind, space, family) =>
      listed[kind]
        .filter(({ ref }) => ref.space === space && ref.address.family === family)
        .map(({ ref }) => ref.address.value),
    ranges: (space) =>
      ranges.filter(({ ref }) => ref.space === space).flatMap(({ record }) => record.ranges.map(intervalOf)),
  });
}

const reservation = {
  version: 1,
  owner: { kind: "Note", namespace: "", name: "n" },
  kind: "operator",
  retain: "keep",
  since: "",
} as const;

const identity = { version: 1, uuid: "u", state: "ready" } as const;

function putOf(kind: string, space: string, text: string): Put {
  const address = parseAddress(text);
  if (kind === "cooling") return { ref: refTo.cooling(space, address), record: { version: 1 }, seconds: 60 };
  if (kind === "reservation") return { ref: refTo.reservation(space, address), record: reservation };
  if (kind === "ranges") {
    const ranges = [{ first: "10.1.2.4", last: text.includes(":") ? "10.1.2.5" : text, reservation }];
    return { ref: refTo.reservedRanges(space), record: { version: 1, ranges } };
  }
  const record = { version: 1, holders: [holder()], origin: "dynamic", since: "" } as const;
  return { ref: refTo.allocation(space, address), record };
}

const step = fc.record({
  what: fc.constantFrom("put", "put", "put", "delete", "delete", "break", "away"),
  kind: fc.constantFrom("allocation", "reservation", "cooling", "ranges"),
  space: fc.constantFrom("default", "other"),
  address: fc.constantFrom("10.1.2.4", "10.1.2.5", "10.1.2.9", "10.1.2.200", "fd00::9", "fd00::10"),
});

test("K201: after any history of changes the index counts what a recount does, also when the watch broke off", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const store = createMemoryStore();
      const followed = follow(store);
      await followed.whole();
      for (const { address, kind, space, what } of steps) {
        const put = putOf(kind, space, address);
        if (what === "break" || what === "away") {
          followed.breakOff(what === "away" ? "unavailable" : "history-lost");
          await Bun.sleep(0);
        } else if (what === "put") await store.commit({ guards: [], puts: [put], deletes: [] }, soon());
        else await store.commit({ guards: [], puts: [], deletes: [put.ref] }, soon());
      }
      const expected = await recount(store);
      let counted: ReturnType<typeof usageOf> = [];
      // A broken watch is followed by a new listing, which takes its time.
      for (let tries = 0; tries < 200 && !Bun.deepEquals(counted, expected); tries += 1) {
        await Bun.sleep(1);
        counted = usageOf(GIVERS, takenIn(await followed.whole()));
      }
      expect(counted).toEqual(expected);
      followed.end();
      await followed.over;
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("K206: a store is listed once, and again only where its watch broke off", async () => {
  const store = createMemoryStore();
  const followed = follow(store);
  const first = await followed.whole();
  const { lists } = followed.told;
  await store.commit({ guards: [], puts: [putOf("allocation", "default", "10.1.2.5")], deletes: [] }, soon());
  while (!first.allocations.in("default").has(0x0a010205)) await Bun.sleep(1);
  expect(followed.told.lists).toBe(lists);
  followed.breakOff();
  while ((await followed.whole()) === first) await Bun.sleep(1);
  expect(followed.told.lists).toBe(2 * lists);
  expect((await followed.whole()).allocations.in("default").has(0x0a010205)).toBe(true);
});

test("K206: servers that do not answer for a while are no reason to list again, and nothing is missed", async () => {
  const store = createMemoryStore();
  const followed = follow(store);
  const first = await followed.whole();
  const { lists } = followed.told;
  const [one, other] = [putOf("allocation", "default", "10.1.2.5"), putOf("cooling", "default", "10.1.2.6")];
  await store.commit({ guards: [], puts: [one, other], deletes: [] }, soon());
  while (!first.cooling.has("default")) await Bun.sleep(1);
  followed.breakOff("unavailable");
  await store.commit({ guards: [], puts: [], deletes: [one.ref] }, soon());
  while (first.allocations.in("default").has(0x0a010205)) await Bun.sleep(1);
  expect([await followed.whole(), followed.told.lists]).toEqual([first, lists]);
});

test("K234: a store that became another one behind its watch is listed again, and one whose epoch rises is not", async () => {
  const store = createMemoryStore();
  const followed = follow(store);
  const identify = (meta: object) =>
    store.commit(
      { guards: [], puts: [{ ref: refTo.meta, record: { ...identity, ...meta } }], deletes: [] },
      soon(),
    );
  await identify({ epoch: 7 });
  let index = await followed.whole();
  const isListedAgain = async () => {
    for (let tries = 0; tries < 20 && (await followed.whole()) === index; tries += 1) await Bun.sleep(1);
    const before = index;
    index = await followed.whole();
    return before !== index;
  };
  expect(await isListedAgain()).toBe(false);
  for (const [meta, expected] of [
    [{ epoch: 8 }, false],
    [{ epoch: 8 }, false],
    // A backup from before the epoch that was seen, whose revisions have overtaken the watch.
    [{ epoch: 3 }, true],
    [{ epoch: 4 }, false],
    [{ epoch: 4, state: "suspect" }, true],
    [{ epoch: 4, state: "recovering", recovery: "r" }, true],
    [{ epoch: 4, uuid: "another" }, true],
  ] as const) {
    await identify(meta);
    expect([meta, await isListedAgain()]).toEqual([meta, expected]);
  }
});

test("K206: what changes while the store is listed is not missed", async () => {
  const store = createMemoryStore();
  const put = putOf("allocation", "default", "10.1.2.5");
  const followed = follow(store);
  followed.told.listed = async (kind) =>
    kind === "allocation" && store.commit({ guards: [], puts: [put], deletes: [] }, soon());
  const index = await followed.whole();
  for (let tries = 0; tries < 100 && !index.allocations.in("default").has(0x0a010205); tries += 1)
    await Bun.sleep(1);
  expect(index.allocations.in("default").has(0x0a010205)).toBe(true);
});

test("a record that cannot be read is known as such until it is written anew", async () => {
  const store = createMemoryStore();
  const put = putOf("allocation", "default", "10.1.2.5");
  await store.commit({ guards: [], puts: [put], deletes: [] }, soon());
  const followed = follow(store);
  const index = await followed.whole();
  store.damage(put.ref);
  while (index.damaged.size === 0) await Bun.sleep(1);
  expect(index.allocations.in("default").has(0x0a010205)).toBe(false);
  await store.commit({ guards: [], puts: [put], deletes: [] }, soon());
  while (index.damaged.size > 0) await Bun.sleep(1);
  expect(index.allocations.in("default").has(0x0a010205)).toBe(true);
});
