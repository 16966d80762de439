import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { withoutRealRoot } from "../machine.ts";
import { makeNodeCgroup } from "./cgroups.ts";

const missing = withoutRealRoot();

test.skipIf(missing !== undefined)("a node's cgroups of before its power went are gone when it boots", () => {
  const name = makeNodeCgroup(`test-${process.pid}`);
  const root = "/sys/fs/cgroup";
  const folders = [root, ...readdirSync(root).map((each) => join(root, each))]
    .map((folder) => join(folder, name))
    .filter((folder) => existsSync(folder));
  try {
    for (const folder of folders) mkdirSync(join(folder, "kubepods/burstable/pod1"), { recursive: true });
    makeNodeCgroup(`test-${process.pid}`);
    expect(folders.length).toBeGreaterThan(0);
    expect(folders.filter((folder) => existsSync(join(folder, "kubepods")))).toEqual([]);
  } finally {
    makeNodeCgroup(`test-${process.pid}`);
    for (const folder of folders) if (existsSync(folder)) rmdirSync(folder);
  }
});
