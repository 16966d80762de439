import { expect, test } from "bun:test";
import { attachmentOf, META, put, putHeld, SPACE, V4, V6 } from "./testing/cast.ts";
import { counted } from "./testing/counted.ts";
import { MemoryServer, objectsIn } from "./testing/memory-server.ts";
import { commit } from "./transactions/commit.ts";
import { openSession } from "./transactions/session.ts";

/** What a transaction over several objects asks the API server for, beside what it writes. */

const options = { deadline: Number.POSITIVE_INFINITY };
const both = [...V4.slice(0, 1), ...V6.slice(0, 1)];
const allocations = both.map((address) => ({ kind: "allocation", space: SPACE, address }) as const);
const absent = allocations.map((ref) => ({ ref, revision: 0 }));

/** A store, and a process of whose calls each is noted. */
async function world() {
  const server = new MemoryServer();
  const other = openSession(objectsIn(server));
  await commit(other, { guards: [], puts: [put(META, "s")], deletes: [] }, options);
  const calls: string[] = [];
  return { server, other, calls, session: openSession(counted(objectsIn(server), calls)) };
}

const give = (container: string) => ({
  guards: absent,
  puts: putHeld("n", container, both, "s"),
  deletes: [],
});
const takeBack = (container: string) => ({
  guards: [],
  puts: [],
  deletes: [attachmentOf("n", container), ...allocations],
});

/** From the decision on; before it, an attachment of which nothing is known is looked for. */
const onceBegun = (calls: readonly string[]) => calls.slice(calls.indexOf("create"));

test("K370: it reads nothing that its guards say is not there", async () => {
  const { calls, session } = await world();
  expect(await commit(session, give("c"), options)).not.toBe("lost");
  expect(onceBegun(calls)).not.toContain("get");
});

test("K370: it reads nothing that it has seen", async () => {
  const { calls, session } = await world();
  await commit(session, give("c"), options);
  calls.length = 0;
  expect(await commit(session, takeBack("c"), options)).not.toBe("lost");
  expect(onceBegun(calls)).not.toContain("get");
});

test("what it remembers of objects that others have changed since refuses nothing", async () => {
  const { other, session } = await world();
  await commit(session, give("c"), options);
  await commit(other, takeBack("c"), options);
  expect(await commit(session, give("d"), options)).not.toBe("lost");
});

test("what others have put where it says that nothing is, does", async () => {
  const { other, session } = await world();
  await commit(other, give("c"), options);
  expect(await commit(session, give("d"), options)).toBe("lost");
});
