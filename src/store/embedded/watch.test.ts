import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { Store } from "../../ipam/store-port.ts";
import { allocation, deleteAll, putAll, putAllocation, told } from "../contract/fixtures.ts";
import { failureOf, useScratch } from "./testing/scratch.ts";

const scratch = useScratch();

async function changes(store: Store, since: number, count: number): Promise<string[]> {
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const { ref } of store.watch({ kind: "allocation" }, since, { signal: abort.signal })) {
    if (seen.push(told(ref)) >= count) abort.abort();
  }
  return seen;
}

test("a watch that begins far behind reads in portions, and still hears of everything once", async () => {
  const store = await scratch.open(scratch.folder());
  const texts = Array.from({ length: 1300 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  // One commit larger than a portion, then small ones across its border.
  await putAll(store, ...texts.slice(0, 700).map((text) => putAllocation(text)));
  for (let start = 700; start < texts.length; start += 7) {
    await putAll(store, ...texts.slice(start, start + 7).map((text) => putAllocation(text)));
  }
  expect((await changes(store, 1, texts.length)).sort()).toEqual([...texts].sort());
});

test("a watch from before what is remembered, or from a future that never was, is told so", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  const since = await putAll(store, putAllocation("10.1.2.3"));
  const lost = (revision: number) => ({
    name: "StoreFailure",
    kind: "history-lost",
    message: `the store no longer knows what changed since revision ${revision}`,
  });
  expect(await failureOf(changes(store, since + 5, 1))).toMatchObject(lost(since + 5));
  const database = new Database(`${dataDir}/kube-ipam.db`);
  database.run("update state set revision = 20031");
  database.close();
  await deleteAll(store, allocation("10.1.2.3"));
  expect(await failureOf(changes(store, since, 1))).toMatchObject(lost(since));
  expect(await changes(store, 20_031, 1)).toEqual(["10.1.2.3"]);
});
