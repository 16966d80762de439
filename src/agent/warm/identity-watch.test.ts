import { afterEach, expect, test } from "bun:test";
import { refTo } from "../../ipam/ref-to.ts";
import type { Store } from "../../ipam/store-port.ts";
import { putAll, putAllocation } from "../../store/contract/fixtures.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { watchIdentity } from "./identity-watch.ts";

let stop: () => void = () => undefined;
afterEach(() => stop());

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
    next: () => next.promise,
  };
  return counted;
}

const putMeta = { ref: refTo.meta, record: { version: 1, uuid: "u", state: "suspect" } } as const;

test("calls at the start and when the identity changes, and for no other record", async () => {
  const store = createMemoryStore();
  const { next, ...counted } = calls();
  const began = next();
  stop = watchIdentity(store, counted.stirred);
  await began;
  await putAll(store, putAllocation("10.1.2.2"));
  const changed = next();
  await putAll(store, putMeta);
  await changed;
});

test("calls when the watch breaks off, and when the store is there again", async () => {
  const store = createMemoryStore();
  const broken = Promise.withResolvers<never>();
  const watched = Promise.withResolvers<void>();
  const breaking: Pick<Store, "read" | "watch"> = {
    read: store.read,
    watch: async function* () {
      watched.resolve();
      yield await broken.promise;
    },
  };
  const counted = calls();
  stop = watchIdentity(breaking, counted.stirred);
  await watched.promise;
  expect(counted.count).toBe(1);
  const off = counted.next();
  broken.reject(new Error("the connection was lost"));
  await off;
  await counted.next();
});
