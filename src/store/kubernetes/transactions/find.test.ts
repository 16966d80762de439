import { expect, test } from "bun:test";
import { refTo } from "../../../ipam/ref-to.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { addressObject } from "../objects/names.ts";
import type { Objects } from "../objects/objects.ts";
import { read } from "../read.ts";
import { attachmentOf, putHeld, SPACE, V4 } from "../testing/cast.ts";
import { MemoryServer, objectsIn } from "../testing/memory-server.ts";
import { commit } from "./commit.ts";
import { openSession } from "./session.ts";

const options = { deadline: Number.POSITIVE_INFINITY };
const [address = ""] = [V4[0] ?? ""];
const ref = attachmentOf("n", "c");
const refusing = async () => {
  throw new StoreFailure("refused", "may not write");
};

test("K294: an attachment whose labels somebody took away is found at an address that is read with it, and has them again", async () => {
  if (address === "") throw new Error("no address");
  const server = new MemoryServer();
  const objects = objectsIn(server);
  await commit(
    openSession(objects),
    { guards: [], puts: putHeld("n", "c", [address], "add"), deletes: [] },
    options,
  );
  const id = addressObject(SPACE, address);
  const before = server.get(id);
  const without: Objects = { ...objects, labelled: async () => [] };
  const alone = await read(openSession(without), { refs: [ref] }, options);
  expect([alone.get(ref), server.get(id)?.version]).toEqual([undefined, before?.version]);
  const allocation = refTo.allocation(SPACE, address);
  const reader = openSession({ ...without, replace: refusing });
  expect((await read(reader, { refs: [ref, allocation] }, options)).get(ref)).toBeDefined();
  const session = openSession(without);
  const both = await read(session, { refs: [ref, allocation] }, options);
  expect(both.get(ref)?.revision).toBe(Number(before?.version));
  expect(server.get(id)?.version).not.toBe(before?.version);
  // What was read still guards the next transaction.
  const guards = [ref, allocation].map((each) => ({ ref: each, revision: both.get(each)?.revision ?? 0 }));
  const freed = await commit(session, { guards, puts: [], deletes: [ref, allocation] }, options);
  expect([freed === "lost", server.get(id)]).toEqual([false, undefined]);
});
