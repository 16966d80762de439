import { expect, test } from "bun:test";
import { StoreFailure } from "../ipam/store-port.ts";
import { add, createWorld, del, named } from "../ipam/testing/world.ts";
import { StoreWatch } from "./store-watch.ts";

const soon = () => performance.now() + 10_000;

/** A watch of a store that is thrown back to before c1, and whose address c1 then has twice. */
async function watched() {
  const world = createWorld({ connects: true });
  const [n1, n2] = [world.ports(world.node("n1")), world.ports(world.node("n2"))];
  await add(n2, "c0");
  const backup = world.store.save();
  await add(n1, "c1", { wish: named("10.1.2.20") });
  const log: string[] = [];
  const metrics = { suspect: false, conflicts: 0 };
  const watch = new StoreWatch(
    "s",
    {
      storeSuspect: (_store, suspect) => void Object.assign(metrics, { suspect }),
      storeConflicts: (_store, conflicts) => void Object.assign(metrics, { conflicts }),
    },
    (level, message) => void log.push(`${level} ${message}`),
  );
  const look = () => watch.look(n1, soon());
  return { ...world, n1, n2, backup, look, log, metrics };
}

test("K61: a look stops all where the store was thrown back, and writes again what it lost", async () => {
  const { store, backup, look, log, metrics } = await watched();
  await look();
  expect(metrics).toEqual({ suspect: false, conflicts: 0 });
  store.restore(backup, { movedOn: true });
  await look();
  expect(metrics).toEqual({ suspect: true, conflicts: 0 });
  expect(log).toEqual(["warn wrote again what the store had lost"]);
  await look();
  expect(log).toHaveLength(1);
});

test("K63: an address that another one got meanwhile is told as a duplicate, until it is none", async () => {
  const { n2, store, backup, look, log, metrics } = await watched();
  store.restore(backup, { movedOn: true });
  await add(n2, "x1", { wish: named("10.1.2.20") });
  await look();
  expect(metrics).toEqual({ suspect: true, conflicts: 1 });
  expect(log).toEqual(["error wrote again what the store had lost"]);
  await del(n2, "x1");
  // The store was away for a moment: who knows what happened to it.
  store.faults.push({ on: "read", kind: "unavailable" });
  await expect(look()).rejects.toBeInstanceOf(StoreFailure);
  await look();
  expect(metrics).toEqual({ suspect: true, conflicts: 0 });
});
