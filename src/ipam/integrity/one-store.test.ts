import { describe, expect, test } from "bun:test";
import type { RememberedStore } from "../node-port.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { add, createWorld } from "../testing/world.ts";
import { initStore } from "./identity.ts";
import { verifyStore } from "./one-store.ts";

/** ONE-STORE: an address space lives in one store, and each node knows which. */

const options = () => ({ deadline: performance.now() + 1000 });

/** Judges a store with this identity by what the node remembers of it. */
async function verdict(meta: Partial<MetaRecord> | undefined, known: Partial<RememberedStore> | undefined) {
  const { node, ports, store } = createWorld();
  const record = { version: 1, uuid: "s1", state: "ready", ...meta } as MetaRecord;
  if (meta !== undefined)
    await store.commit({ guards: [], puts: [{ ref: refTo.meta, record }], deletes: [] }, options());
  const snapshot = await store.read({ refs: [refTo.meta] }, options());
  const remembered = known && { uuid: "s1", prefix: "", revision: 0, ...known };
  try {
    verifyStore(snapshot, remembered, "default", ports(node("n1")));
    return "ok";
  } catch (failure) {
    return (failure as Error).message;
  }
}

const where = "memory store memory";
const space = "for address space 'default'";

test.each([
  ["nothing known, nothing there", undefined, undefined, "ok"],
  ["nothing known of a store", {}, undefined, "ok"],
  ["the store that is known", {}, {}, "ok"],
  ["emptied", undefined, {}, `the ${where} is empty, but this node has used store s1 ${space}`],
  ["replaced", { uuid: "s2" }, {}, `the ${where} is not the one that this node has used ${space}`],
  [
    "under another prefix",
    {},
    { prefix: "/old" },
    "this node has used the prefix '/old' for address space 'default', and its configuration now says ''",
  ],
  ["restored", {}, { revision: 99 }, `the ${where} is older than when this node last used it ${space}`],
  ["of a newer program", { version: 2 }, undefined, `the ${where} was made by a newer kube-ipam`],
])("%s", async (_name, meta, known, expected) => {
  expect(await verdict(meta as Partial<MetaRecord> | undefined, known)).toBe(expected);
});

describe("store init", () => {
  test("makes an identity once", async () => {
    const { node, ports } = createWorld();
    const here = ports(node("n1"));
    const first = await initStore(here, options());
    expect(first.created).toBe(true);
    expect(await initStore(here, options())).toEqual({ meta: first.meta, created: false });
  });

  test("finds the one that an ADD made", async () => {
    const { node, ports, store } = createWorld();
    const here = ports(node("n1"));
    await add(here, "c1");
    const tried = store.commits.length;
    expect((await initStore(here, options())).created).toBe(false);
    expect(store.commits.length).toBe(tried);
  });
});
