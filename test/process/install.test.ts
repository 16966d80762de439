import { expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { run } from "../kit/run.ts";
import { shimExecutable } from "../kit/subject-agent.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";

/** `kube-ipam install`, also over a plugin that is being executed. */

const SHIM_SIZE = readFileSync(shimExecutable()).length;

test("install puts shim and complete plugin in place, --uninstall undoes it", async () => {
  using folder = temporaryFolder("install");
  expect(await install(folder)).toEqual({ exitCode: 0, files: ["kube-ipam", "kube-ipam.full"] });
  expect(sizeOf(folder, "kube-ipam")).toBe(SHIM_SIZE);
  const version = await run([folder.file("bin", "kube-ipam"), "--version"]);
  expect(version.stdout).toStartWith("  Version: kube-ipam v");
  expect(await install(folder, "--uninstall")).toEqual({ exitCode: 0, files: ["kube-ipam"] });
  expect(sizeOf(folder, "kube-ipam")).toBeGreaterThan(10 * SHIM_SIZE);
});

test("install replaces a plugin that is being executed", async () => {
  using folder = temporaryFolder("install");
  await install(folder);
  copyFileSync(kubeIpamExecutable(), folder.file("bin", "kube-ipam"));
  const reading = run([folder.file("bin", "kube-ipam")], {
    env: { CNI_COMMAND: "VERSION" },
    stdin: "never-ends",
  });
  expect((await install(folder)).exitCode).toBe(0);
  expect((await reading).exitCode).toBe(0);
  expect(sizeOf(folder, "kube-ipam")).toBe(SHIM_SIZE);
});

test("--no-fallback leaves the shim alone, which answers 11 without an agent", async () => {
  using folder = temporaryFolder("install");
  await install(folder);
  expect(await install(folder, "--no-fallback")).toEqual({
    exitCode: 0,
    files: ["kube-ipam", "kube-ipam.fallback"],
  });
  const finished = await run([folder.file("bin", "kube-ipam")], {
    env: { CNI_COMMAND: "STATUS", KUBE_IPAM_AGENT_SOCKET: folder.file("nobody.sock") },
    stdin: "{}",
  });
  expect(JSON.parse(finished.stdout)).toMatchObject({ code: 11 });
  expect(await install(folder, "--uninstall")).toEqual({ exitCode: 0, files: [] });
});

test("a shim that is not there changes nothing", async () => {
  using folder = temporaryFolder("install");
  await install(folder, "--no-fallback");
  const failed = await install(folder, "--no-fallback", "--shim", folder.file("absent"));
  expect(failed).toEqual({ exitCode: 1, files: ["kube-ipam", "kube-ipam.fallback"] });
});

async function install(
  folder: Folder,
  ...more: string[]
): Promise<{ exitCode: number | null; files: string[] }> {
  const binDir = folder.file("bin");
  const command = [kubeIpamExecutable(), "install", "--bin-dir", binDir, "--shim", shimExecutable(), ...more];
  const { exitCode } = await run(command);
  return { exitCode, files: readdirSync(binDir).sort() };
}

function sizeOf(folder: Folder, name: string): number {
  return readFileSync(join(folder.path, "bin", name)).length;
}
