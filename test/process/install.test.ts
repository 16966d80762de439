import { expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { added, invoke, silent } from "../kit/cni.ts";
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

test("the node's file gets this node's name, and a wrong one changes nothing", async () => {
  using folder = temporaryFolder("install");
  const source = folder.file("node.json");
  const etc = ["--etc-dir", folder.file("etc"), "--node-name", "worker-1", "--node-file", source];
  await Bun.write(source, '{"dataDir": "/var/lib/other"}');
  await install(folder, ...etc);
  const path = folder.file("etc", "config.json");
  expect(await Bun.file(path).json()).toEqual({ dataDir: "/var/lib/other", nodeName: "worker-1" });
  expect(statSync(path).mode & 0o777).toBe(0o644);
  await Bun.write(source, '{"dataDir": "relative"}');
  expect((await install(folder, ...etc)).exitCode).toBe(1);
  expect(await Bun.file(path).json()).toMatchObject({ dataDir: "/var/lib/other" });
});

test("without a fallback no credential of an earlier installation stays", async () => {
  using folder = temporaryFolder("install");
  for (const name of ["kubeconfig", "etcd/tls.key"]) await Bun.write(folder.file("etc", name), "secret");
  await install(folder, "--etc-dir", folder.file("etc"), "--no-fallback");
  expect(existsSync(folder.file("etc", "kubeconfig"))).toBe(false);
  expect(existsSync(folder.file("etc", "etcd", "tls.key"))).toBe(false);
});

test("--purge refuses while an attachment needs the plugin, then removes all but what it names", async () => {
  using folder = temporaryFolder("install");
  const source = folder.file("node.json");
  const places = { dataDir: folder.file("data"), runDir: folder.file("run"), logFile: folder.file("log") };
  await Bun.write(source, JSON.stringify(places));
  const network = folder.file("10-lan.conflist");
  const ipam = { type: "kube-ipam", subnet: "10.1.2.0/24" };
  const plugin = { type: "bridge", ipam };
  await Bun.write(network, JSON.stringify({ cniVersion: "1.0.0", name: "lan", plugins: [plugin] }));
  const dirs = ["--etc-dir", folder.file("etc"), "--network", network, "--conf-dir", folder.file("conf")];
  await install(folder, ...dirs, "--node-file", source);
  expect(readdirSync(folder.file("conf"))).toEqual(["10-lan.conflist"]);

  const call = { container: "db", netns: "/proc/self/ns/net", ifname: "eth0" };
  const env = { KUBE_IPAM_CONFIG: folder.file("etc", "config.json"), KUBE_IPAM_AGENT_SOCKET: "/none" };
  const verb = (name: "ADD" | "DEL") =>
    invoke(
      folder.file("bin", "kube-ipam"),
      name,
      call,
      { ...plugin, cniVersion: "1.0.0", name: "lan" },
      { env },
    );
  added(await verb("ADD"));
  const refused = await install(folder, ...dirs, "--purge");
  expect(refused).toEqual({ exitCode: 1, files: ["kube-ipam", "kube-ipam.full"] });
  silent(await verb("DEL"));
  expect(await install(folder, ...dirs, "--purge")).toEqual({ exitCode: 0, files: [] });
  expect(readdirSync(folder.file("conf"))).toEqual([]);
  expect(readdirSync(folder.file("etc"))).toEqual([]);
  expect(existsSync(folder.file("data", "kube-ipam.db"))).toBe(true);
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
