import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { knownContainers } from "./known-containers.ts";

const root = mkdtempSync(join(tmpdir(), "known-containers-"));
afterAll(() => rmSync(root, { recursive: true }));

const CACHED = { kind: "cniCacheV1", containerId: "c1", config: "", ifName: "eth0", networkName: "net1" };

test("a cache that is not there is not asked; an empty one knows nobody", () => {
  expect(knownContainers(join(root, "none"))).toMatchObject({ asked: false, doubt: "it is not there" });
  mkdirSync(join(root, "empty", "results"), { recursive: true });
  const empty = knownContainers(join(root, "empty"));
  expect([empty.asked, empty.doubt, empty.knows("c1")]).toEqual([true, undefined, false]);
});

test("results of Multus count, and the names of those that cannot be read", () => {
  const folder = join(root, "multus", "multus", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "net1-c1-eth0"), JSON.stringify(CACHED));
  writeFileSync(join(folder, "net1-c2-eth0"), '{"cniVersion": "0.3.1"}');
  const known = knownContainers(join(root, "multus"));
  expect(["c1", "c2", "c", "c3"].map((id) => known.knows(id))).toEqual([true, true, false, false]);
  expect(known.doubt).toBe("1 of its files cannot be read");
});

test("a cache that cannot be read is not asked", () => {
  mkdirSync(join(root, "file"));
  writeFileSync(join(root, "file", "results"), "");
  expect(knownContainers(join(root, "file"))).toMatchObject({
    asked: false,
    doubt: expect.stringContaining("cannot be read"),
  });
});
