import { expect, test } from "bun:test";
import type { AllocationRecord } from "../../ipam/records.ts";
import {
  allocation,
  failureOf,
  options,
  putAll,
  putAllocation,
  readOne,
  type StoreUnderTest,
} from "./fixtures.ts";

/** Many callers and handles at once, and calls past their deadline. */
export function concurrency(under: () => StoreUnderTest): void {
  test("of many commits for the same records at once exactly one wins, with all of them", async () => {
    const { store, other = store } = under();
    const texts = ["10.1.2.3", "10.1.2.4"];
    const guards = texts.map((text) => ({ ref: allocation(text), revision: 0 }));
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const puts = texts.map((text) => putAllocation(text, `c${index}`));
        return (index % 2 === 0 ? store : other).commit({ guards, puts, deletes: [] }, options());
      }),
    );
    const winner = outcomes.findIndex(({ won }) => won);
    expect(outcomes.filter(({ won }) => won)).toHaveLength(1);
    for (const text of texts) {
      const seen = await readOne(store, allocation(text));
      expect(seen?.record.holders[0]?.attachment.container).toBe(`c${winner}`);
    }
  });

  test("ONE-STEP: no reader ever sees half of a commit", async () => {
    const { atom, store, other = store } = under();
    // Two bare allocations are two objects of Kubernetes, read one after the other; what belongs together is guarded.
    if (atom === "address") return;
    const refs = [allocation("10.1.2.3"), allocation("fd00::3")];
    let writing = true;
    const writer = (async () => {
      for (let round = 0; round < 40; round++) {
        await putAll(store, ...["10.1.2.3", "fd00::3"].map((text) => putAllocation(text, `c${round}`)));
      }
      writing = false;
    })();
    while (writing) {
      const snapshot = await other.read({ refs }, options());
      const [one, two] = refs.map((ref) => snapshot.get(ref));
      expect(containerOf(one?.record)).toBe(containerOf(two?.record));
      expect(one?.revision).toBe(two?.revision);
    }
    await writer;
  });

  test("GUARDED: read, then write what follows from it: nobody's step is lost", async () => {
    const { store, other = store } = under();
    const ref = allocation("10.1.2.3");
    await putAll(store, putAllocation("10.1.2.3", "0"));
    const step = async (handle: typeof store): Promise<void> => {
      const seen = await readOne(handle, ref);
      if (seen === undefined) throw new Error("the record is gone");
      const puts = [putAllocation("10.1.2.3", String(Number(containerOf(seen.record)) + 1))];
      const guards = [{ ref, revision: seen.revision }];
      const outcome = await handle.commit({ guards, puts, deletes: [] }, options());
      if (!outcome.won) await step(handle);
    };
    await Promise.all(Array.from({ length: 12 }, (_, index) => step(index % 2 === 0 ? store : other)));
    expect(containerOf((await readOne(store, ref))?.record)).toBe("12");
  });

  test("BOUNDED: past its deadline a call fails, and 'unavailable' means that nothing was done", async () => {
    const { store } = under();
    const late = { deadline: performance.now() - 1 };
    const [read, list, commit] = await Promise.all([
      failureOf(store.read({ refs: [{ kind: "meta" }] }, late)),
      failureOf(first(store.list({ kind: "allocation" }, late))),
      failureOf(store.commit({ guards: [], puts: [putAllocation("10.1.2.3")], deletes: [] }, late)),
    ]);
    expect([read.kind, list.kind]).toEqual(["unavailable", "unavailable"]);
    expect(["unavailable", "unknown-outcome"]).toContain(commit.kind);
    const seen = await readOne(store, allocation("10.1.2.3"));
    if (commit.kind === "unavailable") expect(seen).toBeUndefined();
  });
}

function containerOf(record: AllocationRecord | undefined): string | undefined {
  return record?.holders[0]?.attachment.container;
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}
