import { expect } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ours } from "../kit/case.ts";
import { run } from "../kit/run.ts";

/** What the README promises works when typed in. */

const README = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");

ours("README", "the ten lines work", async (world) => {
  const lines = /## Ten lines[\s\S]*?```sh\n([\s\S]*?)```/.exec(README)?.[1];
  expect(lines).toBeString();
  const { folder } = world.place;
  mkdirSync(folder.file("dist"));
  copyFileSync(world.place.executable, folder.file("dist", "kube-ipam"));
  // The machine's own folders and links stay untouched.
  const aside = "for each in /run /var/lib /var/log /tmp; do mount -t tmpfs aside $each; done";
  const script = `set -e; exec 9<.; ${aside}; cd /proc/self/fd/9\n${lines}`;
  const command = ["unshare", "--mount", "--net", "--propagation", "private", "bash", "-c", script];
  const finished = await run(["sh", "-c", 'cd "$0" && exec "$@"', folder.path, ...command]);
  expect(finished.stderr).toBe("");
  expect(finished.stdout).toContain('"10.188.0.7/24"');
  expect(finished.exitCode).toBe(0);
});
