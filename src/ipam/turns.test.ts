import { expect, test } from "bun:test";
import { parseAddress } from "../address/address.ts";
import type { Store } from "./store-port.ts";
import { add, createWorld, texts } from "./testing/world.ts";
import { Turns } from "./turns.ts";

/** Work that ends when told to, and notes when it began. */
function works(turns: Turns) {
  const begun: string[] = [];
  const begin = (key: string, name: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = turns.take(key, () => {
      begun.push(name);
      return promise;
    });
    return { done, end: resolve };
  };
  return { begun, begin };
}

test("work of one key goes one after the other, in its order; of another key at once", async () => {
  const { begin, begun } = works(new Turns());
  const [a, b, c] = [begin("x", "a"), begin("x", "b"), begin("x", "c")];
  const other = begin("y", "other");
  await Bun.sleep(1);
  expect(begun).toEqual(["a", "other"]);
  a.end();
  await a.done;
  await Bun.sleep(1);
  expect(begun).toEqual(["a", "other", "b"]);
  for (const each of [b, c, other]) each.end();
  await Promise.all([b.done, c.done, other.done]);
  expect(begun).toEqual(["a", "other", "b", "c"]);
});

test("work that fails ends its turn too", async () => {
  const turns = new Turns();
  const failing = turns.take("x", () => Promise.reject(new Error("no")));
  const next = turns.take("x", () => Promise.resolve("done"));
  expect(failing).rejects.toThrow("no");
  expect(await next).toBe("done");
});

test("nobody waits for ever: whoever has waited long enough goes on", async () => {
  const { begin, begun } = works(new Turns(5));
  const stuck = begin("x", "stuck");
  const next = begin("x", "next");
  next.end();
  await next.done;
  expect(begun).toEqual(["stuck", "next"]);
  stuck.end();
  await stuck.done;
});

test("pods of one workload that come at once lose no transaction to each other", async () => {
  const world = createWorld({ foresight: true });
  const ports = world.ports(world.node("n1"));
  const outcomes: boolean[] = [];
  const store = {
    ...ports.store,
    commit: async (...args: Parameters<Store["commit"]>) => {
      const outcome = await ports.store.commit(...args);
      outcomes.push(outcome.won);
      return outcome;
    },
  };
  const set = [{ first: parseAddress("10.1.2.10"), last: parseAddress("10.1.2.29") }];
  const owner = { owner: { kind: "StatefulSet", namespace: "default", name: "db", uid: "u1" } };
  const pods = Array.from({ length: 20 }, (_, ordinal) =>
    add({ ...ports, store }, `c${ordinal}`, {
      pod: { namespace: "default", name: `db-${ordinal}`, uid: `uid-${ordinal}` },
      wish: { set, owner: { ...owner, ordinal } },
    }),
  );
  const given = (await Promise.all(pods)).flatMap(texts);
  expect(given).toEqual(Array.from({ length: 20 }, (_, ordinal) => `10.1.2.${10 + ordinal}/24`));
  expect(outcomes).toEqual(Array.from({ length: 20 }, () => true));
});
