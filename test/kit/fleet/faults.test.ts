import { expect, test } from "bun:test";
import { putAll, putAllocation } from "../../../src/store/contract/fixtures.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { Books, type RunningPod } from "./books.ts";
import { faultsOf } from "./faults.ts";

const TEXTS = ["10.1.2.2", "10.1.2.3"] as const;

async function faultsWith(books: Readonly<Record<string, string>>): Promise<string[]> {
  const store = createMemoryStore();
  await putAll(store, putAllocation(TEXTS[0], "c1"), putAllocation(TEXTS[1], "c2"));
  const found = await faultsOf(store, new Map(Object.entries(books)));
  // The fixtures write no attachments.
  return found.filter((fault) => /^(leak|lost|duplicate)/.test(fault));
}

test("a store that holds what was given has no fault", async () => {
  expect(await faultsWith({ c1: "10.1.2.2", c2: "10.1.2.3" })).toEqual([]);
});

test("what nobody has is a leak, what the store does not hold is lost, what two have is a duplicate", async () => {
  expect(await faultsWith({ c1: "10.1.2.2" })).toEqual([
    "leak: the store has 10.1.2.3 for c2, which has undefined",
  ]);
  expect(await faultsWith({ c1: "10.1.2.2", c2: "10.1.2.3", c3: "10.1.2.4" })).toEqual([
    "lost: 10.1.2.4 was given to c3",
  ]);
  expect(await faultsWith({ c1: "10.1.2.2", c2: "10.1.2.2" })).toContain(
    "duplicate: 2 pods have 1 addresses",
  );
});

test("the books tell an address that is given while somebody has it, and not one that was given back", () => {
  const books = new Books();
  const pod = (container: string) =>
    ({ container, address: "10.1.2.2", fixed: false, node: {}, pod: {} }) as unknown as RunningPod;
  books.gave(pod("c1"));
  books.ends(pod("c1"));
  books.gave(pod("c2"));
  expect([books.twice, books.given]).toEqual([[], 1]);
  books.gave(pod("c3"));
  expect(books.twice).toEqual(["10.1.2.2 was given to c3 while c2 had it"]);
});
