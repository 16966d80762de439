import { expect, test } from "bun:test";
import { VirtualTime } from "./virtual-time.ts";

test("who waits shorter goes on first, and of two who wait as long, the one who came first", async () => {
  const time = new VirtualTime();
  const order: string[] = [];
  const wait = async (name: string, ...pauses: number[]) => {
    for (const milliseconds of pauses) await time.pause(milliseconds);
    order.push(`${name} at ${performance.now()}`);
  };
  const clock = performance.now;
  await time.run(async () => {
    await Promise.all([wait("a", 30_000), wait("b", 10_000, 10_000), wait("c", 5), wait("d", 20_000)]);
  });
  expect(order).toEqual(["c at 5", "d at 20000", "b at 20000", "a at 30000"]);
  expect(performance.now).toBe(clock);
});
