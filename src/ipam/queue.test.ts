import { expect, test } from "bun:test";
import { Queue } from "./queue.ts";

/** Tasks that end when told to, and note when they began. */
function tasksOf(queue: Queue) {
  const begun: string[] = [];
  const begin = (name: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = queue.run(() => {
      begun.push(name);
      return promise;
    });
    return { done, end: resolve };
  };
  return { begun, begin };
}

test("so many tasks run at once, the others in the order in which they came", async () => {
  const queue = new Queue({ limit: 2 });
  const { begin, begun } = tasksOf(queue);
  const [a, b, c, d] = [begin("a"), begin("b"), begin("c"), begin("d")];
  expect(begun).toEqual(["a", "b"]);
  expect([queue.running, queue.waiting]).toEqual([2, 2]);
  b.end();
  await b.done;
  expect(begun).toEqual(["a", "b", "c"]);
  expect([queue.running, queue.waiting]).toEqual([2, 1]);
  for (const each of [a, c, d]) each.end();
  await Promise.all([a.done, c.done, d.done]);
  expect(begun).toEqual(["a", "b", "c", "d"]);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

test("a place that was passed on is not given to a newcomer", async () => {
  const { begin, begun } = tasksOf(new Queue({ limit: 1 }));
  const [a, b] = [begin("a"), begin("b")];
  const c = a.done.then(() => begin("c"));
  a.end();
  b.end();
  await b.done;
  (await c).end();
  expect(begun).toEqual(["a", "b", "c"]);
});

test("a task that fails ends its turn too, also where it throws at once", async () => {
  const queue = new Queue({ limit: 1 });
  const rejecting = queue.run(() => Promise.reject(new Error("no")));
  const throwing = queue.run(() => {
    throw new Error("never");
  });
  const next = queue.run(() => Promise.resolve("done"));
  const settled = await Promise.allSettled([rejecting, throwing, next]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  expect(queue.running).toBe(0);
});

test("one that runs out of patience runs beyond the limit, and lets nobody else in when it ends", async () => {
  const queue = new Queue({ limit: 1, patienceMs: 20 });
  const { begin, begun } = tasksOf(queue);
  const [stuck, impatient] = [begin("stuck"), begin("impatient")];
  await Bun.sleep(40);
  expect(begun).toEqual(["stuck", "impatient"]);
  const last = begin("last");
  impatient.end();
  await impatient.done;
  expect(begun).toEqual(["stuck", "impatient"]);
  expect([queue.running, queue.waiting]).toEqual([1, 1]);
  stuck.end();
  await stuck.done;
  expect(begun).toEqual(["stuck", "impatient", "last"]);
  last.end();
  await last.done;
});
