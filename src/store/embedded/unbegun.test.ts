import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { openIfBegun } from "../kinds/begun.ts";
import { configuredEmbedded } from "./configured.ts";

const root = mkdtempSync(join(tmpdir(), "unbegun-"));
afterAll(() => rmSync(root, { recursive: true }));

const unbegun = (dataDir: string) => openIfBegun({ kind: "embedded", dataDir }, () => expect.unreachable());
const soon = () => ({ deadline: performance.now() + 5_000 });
const meta = { version: 1, uuid: "u", state: "ready" } as const;
const beginning = { guards: [], puts: [{ ref: refTo.meta, record: meta }], deletes: [] };
const span = { space: "default", first: parseAddress("10.1.2.0"), last: parseAddress("10.1.2.255") };

test("E41: who must not begin the store sees an empty one, and makes nothing", async () => {
  const dataDir = join(root, "none", "deep");
  const store = await unbegun(dataDir);
  const read = await store.read(
    { refs: [refTo.meta], windows: [{ ...span, limit: 9 }], counts: [span] },
    soon(),
  );
  expect([read.get(refTo.meta), read.windows[0]?.knownThrough, read.counts[0]?.allocated]).toEqual([
    undefined,
    span.last,
    0,
  ]);
  for await (const entry of store.list({ kind: "network" }, soon())) expect(entry).toBeUndefined();
  await store.requireWritable(soon());
  expect(store.commit(beginning, soon())).rejects.toMatchObject({ kind: "unwritable" });
  await store.close();
  expect(existsSync(join(root, "none"))).toBe(false);
});

test("E41: once somebody else has begun it, it is that one", async () => {
  const configured = configuredEmbedded({ kind: "embedded", dataDir: join(root, "later") });
  const waiting = await unbegun(join(root, "later"));
  const adding = await configured.open();
  await adding.commit(beginning, soon());
  const found = await waiting.read({ refs: [refTo.meta] }, soon());
  expect(found.get(refTo.meta)?.record.uuid).toBe("u");
  const network = { version: 1, space: "default", subnets: [], detail: "" } as const;
  const puts = [{ ref: refTo.network("lan"), record: network }];
  expect((await waiting.commit({ guards: [], puts, deletes: [] }, soon())).won).toBe(true);
  const listed: string[] = [];
  for await (const { ref } of waiting.list({ kind: "network" }, soon())) listed.push(ref.name);
  expect(listed).toEqual(["lan"]);
  await waiting.requireWritable(soon());
  await waiting.close();
  await adding.close();
});

test("E41: where no ADD could begin it, STATUS hears of it", async () => {
  writeFileSync(join(root, "file"), "");
  expect(unbegun(join(root, "file", "below"))).rejects.toMatchObject({ kind: "unwritable" });
  const store = await unbegun("/proc/none/data");
  expect(store.requireWritable(soon())).rejects.toMatchObject({ kind: "unwritable" });
});
