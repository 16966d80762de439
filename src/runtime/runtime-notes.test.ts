import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeNode } from "../ipam/testing/fake-node.ts";
import { runtimeNotes } from "./runtime-notes.ts";

const root = mkdtempSync(join(tmpdir(), "runtime-notes-"));
afterAll(() => rmSync(root, { recursive: true }));

test("M4: a pod's container is known by the arguments of its ADD: by UID, or by name where none is told", () => {
  mkdirSync(join(root, "results"));
  const write = (container: string, ...args: [string, string][]) => {
    const cached = {
      kind: "cniCacheV1",
      containerId: container,
      config: "",
      ifName: "net1",
      networkName: "lan",
    };
    writeFileSync(join(root, "results", container), JSON.stringify({ ...cached, cniArgs: args }));
  };
  const named = (name: string): [string, string][] => [
    ["K8S_POD_NAMESPACE", "default"],
    ["K8S_POD_NAME", name],
  ];
  write("c1", ...named("a"), ["K8S_POD_UID", "u1"]);
  write("c2", ...named("b"));
  write("c3");
  const notes = runtimeNotes(root, new FakeNode("n1"));
  const of = (name: string, uid: string) => notes.containerOf({ namespace: "default", name, uid });
  expect([of("a", "u1"), of("a", "u2"), of("b", "u3"), of("c", "u4")]).toEqual([
    "c1",
    undefined,
    "c2",
    undefined,
  ]);
});
