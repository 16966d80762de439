import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import {
  allocation,
  attachment,
  options,
  putAll,
  putAllocation,
  putAttachment,
  readOne,
} from "../contract/fixtures.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { failureOf, useScratch } from "./testing/scratch.ts";

const scratch = useScratch();

/** A file as an older program left it. */
function oldFile(version: number): { dataDir: string; database: Database } {
  const dataDir = scratch.folder();
  mkdirSync(dataDir);
  const database = new Database(`${dataDir}/kube-ipam.db`);
  database.run("pragma journal_mode = wal");
  migrate(database, version);
  return { dataDir, database };
}

const RECORD = '{"version":1,"holders":[],"origin":"dynamic","since":"","later":[1]}';

test("a file of schema 1 is migrated with its records, revisions and deletions", async () => {
  const { dataDir, database } = oldFile(1);
  expect(schemaVersion(database)).toBe(1);
  database.run(`insert into records (key, value, revision) values
    ('/spaces/default/allocations/010.001.002.003', '${RECORD}', 41),
    ('/spaces/default/allocations/010.001.002.004', '${RECORD}', 43)`);
  database.run("insert into deletions values ('/spaces/default/allocations/010.001.002.009', 42)");
  database.run("update state set revision = 43");
  database.close();

  const store = await scratch.open(dataDir);
  const seen: unknown = await readOne(store, allocation("10.1.2.3"));
  expect(seen).toEqual({ record: JSON.parse(RECORD), revision: 41 });
  const changes: number[] = [];
  const abort = new AbortController();
  for await (const { revision } of store.watch({ kind: "allocation" }, 41, { signal: abort.signal })) {
    if (changes.push(revision) === 2) abort.abort();
  }
  expect(changes).toEqual([42, 43]);
  expect(await putAll(store, putAllocation("10.1.2.5"))).toBe(44);
});

test.each(Array.from({ length: SCHEMA_VERSION }, (_, version) => version))(
  "a file of schema %i becomes what a new one is",
  async (version) => {
    const { dataDir, database } = oldFile(version);
    const tables = (found: Database) =>
      found.query("select type, name, sql from sqlite_schema order by name").all();
    migrate(database);
    const fresh = new Database(":memory:");
    migrate(fresh);
    expect(tables(database)).toEqual(tables(fresh));
    database.close();
    const store = await scratch.open(dataDir);
    await putAll(store, putAllocation("10.1.2.3"));
  },
);

test("many at once migrate an old file once", async () => {
  const { dataDir, database } = oldFile(1);
  database.close();
  const stores = await Promise.all(Array.from({ length: 8 }, () => scratch.open(dataDir)));
  await Promise.all(stores.map((store, index) => putAll(store, putAttachment(`c${index}`))));
  const first = stores[0];
  if (first === undefined) throw new Error("no store");
  const snapshot = await first.read({ refs: stores.map((_, index) => attachment(`c${index}`)) }, options());
  expect(stores.every((_, index) => snapshot.get(attachment(`c${index}`)) !== undefined)).toBe(true);
});

test("a file of a newer schema is refused, at the opening and while it is open, and left as it is", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  await putAll(store, putAllocation("10.1.2.3"));
  const file = `${dataDir}/kube-ipam.db`;
  const database = new Database(file);
  database.run("pragma user_version = 99");
  const refusal = {
    kind: "unwritable",
    message: `the store ${file} was written by a newer kube-ipam (schema 99, this program knows ${SCHEMA_VERSION})`,
    remedy: "upgrade kube-ipam on this node",
  };
  expect(await failureOf(scratch.open(dataDir))).toMatchObject(refusal);
  expect(await failureOf(putAll(store, putAllocation("10.1.2.4")))).toMatchObject(refusal);
  expect(await failureOf(store.read({}, options()))).toMatchObject(refusal);
  expect(database.query("select count(*) as n from records").get()).toEqual({ n: 1 });
  expect(schemaVersion(database)).toBe(99);
  database.close();
});
