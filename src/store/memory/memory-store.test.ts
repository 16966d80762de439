import { expect, test } from "bun:test";
import { describeStore } from "../contract/contract.ts";
import { createMemoryStore } from "./memory-store.ts";

describeStore("memory", async () => {
  const store = createMemoryStore();
  return { store, damage: async (ref) => store.damage(ref), close: () => store.close() };
});

test("a transaction over a connection that has ended is lost without a snapshot; a restored record keeps its revision", async () => {
  const store = createMemoryStore({ connects: true, lineage: "a" });
  const options = { deadline: performance.now() + 1_000 };
  const ref = { kind: "meta" } as const;
  const record = { version: 1, uuid: "u", state: "ready" } as const;
  const put = (connection?: number) =>
    store.commit(
      {
        guards: [],
        puts: [{ ref, record }],
        deletes: [],
        otherwise: { refs: [ref] },
        ...(connection && { connection }),
      },
      options,
    );
  const { connection = 0, lineage } = await store.read({ refs: [ref] }, options);
  expect(lineage).toBe("a");
  expect((await put(connection)).won).toBe(true);
  const saved = store.save();
  await put(connection);
  store.restore(saved, { movedOn: true, lineage: "b" });
  expect(await put(connection)).toEqual({ won: false });
  const after = await store.read({ refs: [ref] }, options);
  expect(after.get(ref)?.revision).toBe(saved.revision);
  expect([after.revision > saved.revision, after.lineage, after.connection]).toEqual([
    true,
    "b",
    connection + 1,
  ]);
  store.disconnect();
  expect(await put(after.connection)).toEqual({ won: false });
});
