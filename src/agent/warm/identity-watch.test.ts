import { afterEach, expect, test } from "bun:test";
import * as fc from "fast-check";
import { announceImport } from "../../ipam/integrity/announce-import.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Store, Versioned } from "../../ipam/store-port.ts";
import { options, putAll, putAllocation } from "../../store/contract/fixtures.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { IdentityWatch } from "./identity-watch.ts";

let watch: IdentityWatch | undefined;
afterEach(() => watch?.stop());

/** Counts the calls, and waits for the next one. */
function calls() {
  let next = Promise.withResolvers<void>();
  const counted = {
    count: 0,
    stirred: () => {
      counted.count += 1;
      next.resolve();
      next = Promise.withResolvers();
    },
    raised: (identity: Versioned<MetaRecord>, connection: number | undefined) =>
      void counted.heard.push([identity.record.epoch, connection]),
    heard: [] as [number | undefined, number | undefined][],
    next: () => next.promise,
  };
  return counted;
}

const READY: MetaRecord = { version: 1, uuid: "u", state: "ready" };
const put = (record: MetaRecord) => ({ ref: refTo.meta, record }) as const;

/** A watch that stands, of a store with this identity. */
async function standing(record = READY) {
  const store = createMemoryStore({ connects: true });
  await putAll(store, put(record));
  const counted = calls();
  const began = counted.next();
  const own = new IdentityWatch(store, counted);
  watch = own;
  await began;
  /** Writes an identity, and waits until the watch has heard of it. @returns whether it was news. */
  const isNews = async (next: MetaRecord): Promise<boolean> => {
    const { news } = own;
    const revision = await putAll(store, put(next));
    while (own.present?.revision !== revision) await Bun.sleep(1);
    return own.news !== news;
  };
  return { store, own, counted, isNews };
}

test("calls when it stands and when the identity changes, and for no other record", async () => {
  const { store, own, counted } = await standing();
  expect([own.stands, own.present?.record]).toEqual([true, READY]);
  await putAll(store, putAllocation("10.1.2.2"));
  const changed = counted.next();
  await putAll(store, put({ ...READY, state: "suspect" }));
  await changed;
  expect(own.present?.record.state).toBe("suspect");
  expect(counted.count).toBe(2);
});

test("K191: an epoch that rises is no news, and whatever else changes is", async () => {
  const identity = fc.record({
    uuid: fc.constantFrom("u", "v"),
    state: fc.constantFrom("ready", "suspect", "recovering"),
    epoch: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
    imports: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
    recovery: fc.option(fc.constantFrom("r", "s"), { nil: undefined }),
  });
  const { isNews } = await standing({ ...READY });
  let before: MetaRecord = READY;
  const told = fc.asyncProperty(identity, async ({ epoch, imports, recovery, ...rest }) => {
    const after: MetaRecord = {
      version: 1,
      ...rest,
      ...(epoch !== undefined && { epoch }),
      ...(imports !== undefined && { imports }),
      ...(recovery !== undefined && { recovery }),
    };
    const isRisen = (after.epoch ?? 0) > (before.epoch ?? 0);
    const isSame = (["uuid", "state", "imports", "recovery"] as const).every(
      (key) => after[key] === before[key],
    );
    before = after;
    expect(await isNews(after)).toBe(!(isRisen && isSame));
  });
  await fc.assert(told, { numRuns: 200, endOnFailure: true });
  const risen = fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (step) => {
    before = { ...before, epoch: (before.epoch ?? 0) + step };
    expect(await isNews(before)).toBe(false);
  });
  await fc.assert(risen, { numRuns: 20, endOnFailure: true });
});

test("K191: a connection that is lost and made anew is news, although the watch goes on", async () => {
  const { store, own, counted } = await standing();
  const { news } = own;
  const again = counted.next();
  store.disconnect();
  await again;
  expect(own.news).not.toBe(news);
  expect([own.stands, own.present]).toEqual([true, undefined]);
});

test("K191: what was read before the connection was lost on which the watch then stands is not believed", async () => {
  const store = createMemoryStore({ connects: true });
  await putAll(store, put(READY));
  const losing: Pick<Store, "read" | "watch"> = {
    read: async (query, asked) => {
      const snapshot = await store.read(query, asked);
      store.disconnect();
      return snapshot;
    },
    watch: store.watch,
  };
  const counted = calls();
  const began = counted.next();
  watch = new IdentityWatch(losing, counted);
  await began;
  expect([watch.stands, watch.present]).toEqual([true, undefined]);
});

test("K191: an epoch that rises is handed on with the connection that told it", async () => {
  const { store, counted, isNews } = await standing();
  await isNews({ ...READY, epoch: 1 });
  const again = counted.next();
  store.disconnect();
  await again;
  // The first identity over another connection is news, whatever it says.
  for (const epoch of [2, 3]) await isNews({ ...READY, epoch });
  expect(counted.heard).toEqual([
    [1, 1],
    [3, 2],
  ]);
});

test("K193: an import is news", async () => {
  const { store, own, counted } = await standing();
  const changed = counted.next();
  await announceImport({ store }, options());
  await changed;
  expect(own.present?.record).toEqual({ ...READY, imports: 1 });
});

test("calls when the watch breaks off, and when the store is there again", async () => {
  const store = createMemoryStore();
  const broken = Promise.withResolvers<never>();
  const watched = Promise.withResolvers<void>();
  const breaking: Pick<Store, "read" | "watch"> = {
    read: store.read,
    watch: async function* (_scope, _since, { stands }) {
      stands?.(true);
      watched.resolve();
      yield await broken.promise;
    },
  };
  const counted = calls();
  watch = new IdentityWatch(breaking, counted);
  await watched.promise;
  expect([counted.count, watch.stands]).toEqual([1, true]);
  const off = counted.next();
  broken.reject(new Error("the connection was lost"));
  await off;
  expect(watch.stands).toBe(false);
  await counted.next();
});

test("an identity that cannot be read is none, and is watched all the same", async () => {
  const { store, own, counted } = await standing();
  const changed = counted.next();
  store.damage(refTo.meta);
  await changed;
  expect(own.present).toBeUndefined();
  const again = counted.next();
  const other = new IdentityWatch(store, counted);
  await again;
  expect(other.stands).toBe(true);
  other.stop();
});
