import { expect, test } from "bun:test";
import type { Address } from "../../address/address.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { list } from "./list.ts";
import { EMPTY } from "./objects/content.ts";
import { addressObject } from "./objects/names.ts";
import type { NewObject, Objects } from "./objects/objects.ts";
import { read } from "./read.ts";
import { attachmentOf, META, put, putHeld, SPACE, V4 } from "./testing/cast.ts";
import { MemoryServer, noAnswer, objectsIn } from "./testing/memory-server.ts";
import { commit } from "./transactions/commit.ts";
import { openSession } from "./transactions/session.ts";
import { write } from "./transactions/write.ts";

const options = { deadline: Number.POSITIVE_INFINITY };
const [address, other] = V4;
if (address === undefined || other === undefined) throw new Error("no address");
const id = addressObject(SPACE, address);
const made: NewObject = { id, content: EMPTY, written: "ours" };

test("K254: a create that was told not to have happened makes nothing when it comes after all", async () => {
  const server = new MemoryServer();
  const lost: Objects = { ...objectsIn(server), create: once(objectsIn(server).create) };
  expect(await write(openSession(lost), id, undefined, made, options)).toMatchObject({ doubtful: false });
  expect(server.create(made)).toBe("exists");
});

test("K254: nor does a replacement", async () => {
  const server = new MemoryServer();
  const before = server.create(made);
  if (before === "exists") throw new Error("there is one");
  const lost: Objects = { ...objectsIn(server), replace: once(objectsIn(server).replace) };
  const after = { ...made, written: "later" };
  expect(await write(openSession(lost), id, before, after, options)).toMatchObject({ doubtful: false });
  expect(server.replace(before, after)).toBe("changed");
});

test("K254: what an ADD of unknown outcome has added goes with the next look, where its guards do not hold", async () => {
  const server = new MemoryServer();
  let isAway = false;
  const objects = objectsIn(server);
  const session = openSession({
    ...objects,
    get: async (of, at) => {
      if (isAway) throw noAnswer("unavailable");
      return objects.get(of, at);
    },
    create: async (object, at) => {
      const done = await objects.create(object, at);
      if (object.id.name !== id.name) return done;
      isAway = true;
      throw noAnswer("unknown-outcome");
    },
  });
  const begun = await commit(session, { guards: [], puts: [put(META, "first")], deletes: [] }, options);
  if (begun === "lost") throw new Error("it lost");
  const allocation = refTo.allocation(SPACE, address);
  const guards = [
    { ref: META, revision: begun.revision },
    { ref: attachmentOf("n", "c"), revision: 0 },
    { ref: allocation, revision: 0 },
  ];
  const adding = commit(session, { guards, puts: putHeld("n", "c", [address], "add"), deletes: [] }, options);
  expect((await adding.catch((failure) => failure)).kind).toBe("unknown-outcome");
  isAway = false;
  await commit(openSession(objects), { guards: [], puts: [put(META, "second")], deletes: [] }, options);
  expect((await read(session, { refs: [allocation] }, options)).get(allocation)).toBeUndefined();
  expect(server.get(id)).toBeUndefined();
});

test("K336: who may only read sees what a transaction that died has prepared as it was before, and ends nothing", async () => {
  const server = new MemoryServer();
  const objects = objectsIn(server);
  const first = openSession(objects);
  const add = (container: string, at: Address) => putHeld("n", container, [at], container);
  await commit(first, { guards: [], puts: add("c", address), deletes: [] }, options);
  const dying = openSession({
    ...objects,
    replace: async (was, object, at) => {
      if (object.verdict === "committed") throw noAnswer("unavailable");
      return objects.replace(was, object, at);
    },
    remove: async () => {
      throw noAnswer("unavailable");
    },
  });
  const two = {
    guards: [],
    puts: [...add("d", other), put(META, "first")],
    deletes: [refTo.allocation(SPACE, address)],
  };
  await commit(dying, two, options).catch(() => undefined);
  const refused = new StoreFailure("refused", "may not delete it");
  const reader = openSession({ ...objects, remove: () => Promise.reject(refused) });
  const allocations = [refTo.allocation(SPACE, address), refTo.allocation(SPACE, other)] as const;
  const snapshot = await read(reader, { refs: allocations }, options);
  expect(allocations.map((ref) => snapshot.get(ref) !== undefined)).toEqual([true, false]);
  const listed = await Array.fromAsync(list(reader, { kind: "allocation" }, options));
  expect(listed.map(({ ref }) => ref)).toEqual([allocations[0]]);
  const prepared = () => server.get(addressObject(SPACE, address))?.prepared;
  expect(prepared()).toBeDefined();
  // Who may, ends it.
  const seen = await read(openSession(objects), { refs: allocations }, options);
  expect(allocations.map((ref) => seen.get(ref) !== undefined)).toEqual([true, false]);
});

/** The first call gets no answer, and is not performed. */
function once<A extends unknown[], R>(call: (...of: A) => Promise<R>): (...of: A) => Promise<R> {
  let calls = 0;
  return async (...of) => {
    calls += 1;
    if (calls === 1) throw noAnswer("unknown-outcome");
    return call(...of);
  };
}
