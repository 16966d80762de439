import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import {
  allocation,
  cooling,
  deleteAll,
  putAll,
  putAllocation,
  putCooling,
  putReservation,
} from "../../store/contract/fixtures.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { SpaceMap } from "./space-map.ts";
import { SpaceMaps } from "./space-maps.ts";

const SPACE = "default";
const quiet = () => undefined;

/** A map of a store that holds these addresses; gone at the end of the test. */
function mapOf(store = createMemoryStore()) {
  const made = new SpaceMap(store, SPACE, quiet);
  const knows = (text: string) => made.has(parseAddress(text));
  const until = async (happened: () => boolean) => {
    for (let tries = 0; !happened(); tries += 1) {
      if (tries > 500) throw new Error("expected it to happen within five seconds");
      await Bun.sleep(10);
    }
  };
  return { store, made, knows, until, [Symbol.dispose]: () => made.stop() };
}

test("a map shows what was there when it began: allocated, reserved or cooling, of both families", async () => {
  const store = createMemoryStore();
  const known = ["10.1.2.2", "10.1.2.3", "10.1.2.4", "fd00::2"];
  await putAll(store, putAllocation("10.1.2.2"), putReservation("10.1.2.3"), putCooling("10.1.2.4", 60));
  await putAll(store, putAllocation("fd00::2"), putAllocation("10.1.2.9", "c1", "elsewhere"));
  using seen = mapOf(store);
  await seen.until(() => seen.made.complete);
  expect(known.map(seen.knows)).toEqual([true, true, true, true]);
  expect([seen.knows("10.1.2.9"), seen.knows("fd00::3"), seen.made.size]).toEqual([false, false, 4]);
});

test("a map follows what is taken and given back", async () => {
  using seen = mapOf();
  await seen.until(() => seen.made.complete);
  await putAll(seen.store, putAllocation("10.1.2.2"), putCooling("10.1.2.2", 60), putAllocation("fd00::2"));
  await seen.until(() => seen.knows("10.1.2.2") && seen.knows("fd00::2"));
  await deleteAll(seen.store, allocation("10.1.2.2"), allocation("fd00::2"));
  await seen.until(() => !seen.knows("fd00::2"));
  // Not allocated any more, but still cooling.
  expect(seen.knows("10.1.2.2")).toBe(true);
  await deleteAll(seen.store, cooling("10.1.2.2"));
  await seen.until(() => seen.made.size === 0);
});

test("a map reads page by page", async () => {
  const store = createMemoryStore();
  for (let n = 0; n < 25; n += 1)
    await putAll(store, ...Array.from({ length: 100 }, (_, host) => putAllocation(`10.1.${n}.${host}`)));
  using seen = mapOf(store);
  await seen.until(() => seen.made.complete);
  expect(seen.made.size).toBe(2500);
});

test("a map whose watch breaks off is incomplete until it was begun anew", async () => {
  const store = createMemoryStore();
  await putAll(store, putAllocation("10.1.2.2"));
  store.faults.push({ on: "watch", kind: "history-lost" });
  using seen = mapOf(store);
  await seen.until(() => store.faults.length === 0 && !seen.made.complete);
  await putAll(store, putAllocation("10.1.2.3"));
  await deleteAll(store, allocation("10.1.2.2"));
  await seen.until(() => seen.made.complete);
  expect([seen.knows("10.1.2.2"), seen.knows("10.1.2.3")]).toEqual([false, true]);
});

test("a store's maps begin when they are asked for, and give nothing that is not complete", async () => {
  const store = createMemoryStore();
  await putAll(store, putAllocation("10.1.2.2"));
  const maps = new SpaceMaps(store, quiet);
  expect(maps.takenIn(SPACE)).toBeUndefined();
  for (let tries = 0; maps.takenIn(SPACE) === undefined && tries < 500; tries += 1) await Bun.sleep(10);
  expect(maps.takenIn(SPACE)?.has(parseAddress("10.1.2.2"))).toBe(true);
  expect(maps.size).toBe(1);
  maps.stop();
});
