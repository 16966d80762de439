import { expect, test } from "bun:test";
import { FairTurns } from "./fair-turns.ts";

test("K212: who asks for many lists waits behind himself, and others behind one of his", async () => {
  const turns = new FairTurns({ running: 2, waiting: 20, waitingOfOne: 8 });
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (user: string) =>
    turns.take(user).then((end) => {
      order.push(user);
      ends.push(end);
    });
  for (let n = 0; n < 10; n++) void ask("greedy");
  expect(turns.isFull("greedy")).toBe(true);
  expect(turns.isFull("ann")).toBe(false);
  for (const user of ["ann", "ben", "ann"]) void ask(user);
  await Bun.sleep(0);
  expect(order).toEqual(["greedy", "greedy"]);
  while (ends.length > 0) {
    const end = ends.shift();
    end?.();
    end?.();
    await Bun.sleep(0);
    expect(ends.length).toBeLessThanOrEqual(2);
  }
  expect(order.slice(0, 7)).toEqual(["greedy", "greedy", "greedy", "ann", "ben", "greedy", "ann"]);
  expect(order).toHaveLength(13);
  expect(turns.isFull("greedy")).toBe(false);
});

test("K212: no more wait than the bound for all", async () => {
  const turns = new FairTurns({ running: 1, waiting: 3, waitingOfOne: 8 });
  for (const user of ["a", "b", "c", "d"]) void turns.take(user);
  expect(turns.isFull("e")).toBe(true);
});
