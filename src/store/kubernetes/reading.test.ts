import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { Query } from "../../ipam/store-port.ts";
import { addressObject } from "./objects/names.ts";
import { read } from "./read.ts";
import { attachmentOf, META, put, putHeld, SPACE, V4 } from "./testing/cast.ts";
import { counted } from "./testing/counted.ts";
import { MemoryServer, objectsIn } from "./testing/memory-server.ts";
import { commit } from "./transactions/commit.ts";
import { openSession } from "./transactions/session.ts";

/** What a read asks the API server for: a listing waits for its cache, a GET for nobody. */

const options = { deadline: Number.POSITIVE_INFINITY };
const NOWHERE = parseAddress("::");
const [held = NOWHERE, other = NOWHERE] = V4;
const attachment = attachmentOf("n", "c");
const likely = (address: typeof held) => ({ ...attachment, likely: { space: SPACE, address } });
const allocation = { kind: "allocation", space: SPACE, address: held } as const;

/** A store that holds one attachment, read by a process that has seen nothing of it. */
async function world() {
  const server = new MemoryServer();
  const puts = [put(META, "s"), ...putHeld("n", "c", [held], "s")];
  await commit(openSession(objectsIn(server)), { guards: [], puts, deletes: [] }, options);
  const calls: string[] = [];
  const session = openSession(counted(objectsIn(server), calls));
  const ask = async (query: Query) => {
    calls.length = 0;
    const snapshot = await read(session, query, options);
    return { snapshot, calls: calls.toSorted() };
  };
  return { server, ask };
}

test("K360: what a DEL reads is read by name, and its revision is a lower bound", async () => {
  const { ask, server } = await world();
  const { calls, snapshot } = await ask({ refs: [META, likely(held), allocation] });
  expect(calls).toEqual(["get", "get"]);
  expect(snapshot.get(attachment)?.record.addresses).toEqual(["10.1.2.2"]);
  expect(snapshot.atLeast).toBe(true);
  expect(snapshot.revision).toBeLessThanOrEqual(Number(server.version));
});

test("an attachment that is not where it was expected is found by its label", async () => {
  const { ask } = await world();
  const { calls, snapshot } = await ask({ refs: [likely(other)] });
  expect(calls).toContain("labelled");
  expect(snapshot.get(attachment)?.record.addresses).toEqual(["10.1.2.2"]);
  // Where it was found it is looked for from then on.
  expect((await ask({ refs: [likely(other)] })).calls).toEqual(["get"]);
});

test("so is one whose likely object cannot be read, and that is damaged", async () => {
  const { ask, server } = await world();
  server.edit(addressObject(SPACE, held), { records: "{" });
  await expect(ask({ refs: [likely(held)] })).rejects.toMatchObject({ kind: "damaged" });
});

test("a revision that has to be exact costs a listing, of one object", async () => {
  const { ask, server } = await world();
  const { calls, snapshot } = await ask({ refs: [META], exact: true });
  expect(calls).toEqual(["page"]);
  expect(snapshot.atLeast).toBeUndefined();
  expect(snapshot.revision).toBe(Number(server.version));
});
