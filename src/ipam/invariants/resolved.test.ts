import { expect, test } from "bun:test";
import { undo } from "../free/undo.ts";
import { add, allocations, attachment, createWorld, texts } from "../testing/world.ts";

/** RESOLVED, and what an ADD leaves on its node so that it can be told later what happened. */

function world() {
  const made = createWorld();
  return { ...made, here: made.ports(made.node("n1")), there: made.ports(made.node("n2")) };
}

test("an ADD whose commit happened without an answer is its own, and can be undone", async () => {
  const { here, store } = world();
  await add(here, "first");
  store.faults.push({ on: "commit", kind: "unknown-outcome", applied: true });
  const allocated = await add(here, "c1");
  expect(allocated.repeated).toBe(false);
  expect(texts(allocated)).toEqual(["10.1.2.3/24"]);
  expect((await allocations(here)).size).toBe(2);
  await undo(allocated, here, performance.now() + 1000);
  expect([...(await allocations(here)).values()]).toEqual([["first"]]);
});

test("an ADD whose commit did not happen is done again", async () => {
  const { here, store } = world();
  store.faults.push({ on: "commit", kind: "unknown-outcome", applied: false });
  expect(texts(await add(here, "c1")).length).toBe(1);
  expect((await allocations(here)).size).toBe(1);
});

test("a repeated ADD writes the journal that was lost", async () => {
  const { here } = world();
  await add(here, "c1");
  here.node.journal.remove(attachment("c1"));
  const { requestId } = await add(here, "c1");
  const entry = here.node.journal.read(attachment("c1"));
  expect(entry?.holder.requestId).toBe(requestId);
  expect(entry?.addresses).toEqual(["10.1.2.2"]);
});

test("ONE-STORE: a node remembers the store that it saw, also where its first ADD fails there", async () => {
  const { here, store, there } = world();
  await add(here, "c1");
  store.faults.push({ on: "commit", kind: "unavailable" });
  await expect(add(there, "c2")).rejects.toMatchObject({ kind: "unavailable" });
  const known = here.node.storeMemory.recall("default");
  expect(known?.uuid).toBeString();
  expect(there.node.storeMemory.recall("default")?.uuid).toBe(known?.uuid as string);
});
