import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { allocation, options, putAll, putAllocation, readOne } from "../contract/fixtures.ts";
import { failureOf, useScratch } from "./testing/scratch.ts";

const scratch = useScratch();

/** Another process that does not let go. */
function writeLock(dataDir: string): Database {
  const database = new Database(`${dataDir}/kube-ipam.db`);
  database.run("begin immediate");
  return database;
}

test("BOUNDED: a commit waits for another's lock until its deadline, reads and timers go on", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  await putAll(store, putAllocation("10.1.2.3"));
  const lock = writeLock(dataDir);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  const begin = performance.now();
  const commit = failureOf(
    store.commit({ guards: [], puts: [putAllocation("10.1.2.4")], deletes: [] }, { deadline: begin + 300 }),
  );
  expect(await readOne(store, allocation("10.1.2.3"))).toBeDefined();
  expect(await commit).toMatchObject({
    kind: "unavailable",
    message: `the store ${dataDir}/kube-ipam.db is busy: another process was writing to it all the time`,
  });
  const waited = performance.now() - begin;
  clearInterval(ticking);
  lock.close();
  expect(waited).toBeGreaterThan(250);
  // None, if waiting had blocked the event loop.
  expect(ticks).toBeGreaterThan(1);
  expect(await readOne(store, allocation("10.1.2.4"))).toBeUndefined();
});

test("BOUNDED: a deadline that has passed is blamed on nobody", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  expect(await failureOf(store.read({}, { deadline: performance.now() - 1 }))).toMatchObject({
    kind: "unavailable",
    message: `no time was left to ask the store ${dataDir}/kube-ipam.db`,
  });
});

test("a commit goes through as soon as the other lets go", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  const lock = writeLock(dataDir);
  const commit = putAll(store, putAllocation("10.1.2.3"));
  await Bun.sleep(50);
  lock.run("rollback");
  lock.close();
  await commit;
  expect(await readOne(store, allocation("10.1.2.3"))).toBeDefined();
});

test("BOUNDED: opening a new file that another holds ends at its deadline", async () => {
  const dataDir = scratch.folder();
  await (await scratch.open(dataDir)).close();
  const database = new Database(`${dataDir}/kube-ipam.db`);
  database.run("pragma user_version = 0");
  database.run("begin immediate");
  // The other one only lets go afterwards.
  const failure = await failureOf(scratch.open(dataDir, { deadline: performance.now() + 200 }));
  database.close();
  expect(failure).toMatchObject({ kind: "unavailable" });
});

test("a store that was closed says so, also to a watch", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  const since = await putAll(store, putAllocation("10.1.2.3"));
  const watching = failureOf(
    (async () => {
      const { signal } = new AbortController();
      for await (const change of store.watch({ kind: "meta" }, since, { signal })) return change;
      return undefined;
    })(),
  );
  await Bun.sleep(60);
  await store.close();
  await store.close();
  const closed = { kind: "unavailable", message: `the store ${dataDir}/kube-ipam.db was closed` };
  expect(await failureOf(store.read({}, options()))).toMatchObject(closed);
  expect(await watching).toMatchObject(closed);
});

test("a record that somebody else spoiled is named, and nothing is written over it", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  await putAll(store, putAllocation("10.1.2.3"), putAllocation("10.1.2.4"));
  const database = new Database(`${dataDir}/kube-ipam.db`);
  database.run("update records set value = '{' where key like '%002.003'");
  database.close();
  expect(await failureOf(readOne(store, allocation("10.1.2.3")))).toMatchObject({
    kind: "damaged",
    message: "the record /spaces/default/allocations/010.001.002.003 in the store is not JSON",
  });
  expect(await readOne(store, allocation("10.1.2.4"))).toBeDefined();
});
