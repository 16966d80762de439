import { expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readNodeName } from "../../src/node/node-name.ts";
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
  const undone = await installing(folder, ["--uninstall"]);
  expect(undone).toMatchObject({ exitCode: 0, files: [] });
  expect(undone.stderr).toStartWith(`no kube-ipam is left in ${folder.file("bin")}: `);
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

test("the node's file keeps the name that it has, unless an option or $NODE_NAME says another", async () => {
  using folder = temporaryFolder("install");
  const source = folder.file("node.json");
  await Bun.write(source, '{"nodeName": "of-the-file"}');
  const name = async (env: Record<string, string>, ...more: string[]) => {
    await installing(folder, ["--etc-dir", folder.file("etc"), "--node-file", source, ...more], env);
    return (await Bun.file(folder.file("etc", "config.json")).json()).nodeName;
  };
  expect(await name({})).toBe("of-the-file");
  expect(await name({ NODE_NAME: "of-the-pod" })).toBe("of-the-pod");
  expect(await name({ NODE_NAME: "of-the-pod" }, "--node-name", "said")).toBe("said");
  await Bun.write(source, "{}");
  expect(await name({})).toBe(readNodeName(undefined));
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

for (const option of ["--shim", "--node-file", "--network"]) {
  test(`${option} of a file that is not there changes nothing, and the words name the option`, async () => {
    using folder = temporaryFolder("install");
    await install(folder, "--no-fallback");
    for (const absent of [folder.file("absent"), join(shimExecutable(), "below-a-file")]) {
      const failed = await installing(folder, [option, absent]);
      expect(failed).toMatchObject({ exitCode: 1, files: ["kube-ipam", "kube-ipam.fallback"] });
      expect(failed.stderr).toStartWith(`error: '${absent}' is no file\n`);
      expect(failed.stderr).toContain(option);
    }
  });
}

interface Installed {
  readonly exitCode: number | null;
  readonly files: readonly string[];
}

async function install(folder: Folder, ...more: string[]): Promise<Installed> {
  const { exitCode, files } = await installing(folder, more);
  return { exitCode, files };
}

async function installing(
  folder: Folder,
  more: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Installed & { readonly stderr: string }> {
  const binDir = folder.file("bin");
  const command = [kubeIpamExecutable(), "install", "--bin-dir", binDir, "--shim", shimExecutable(), ...more];
  const { exitCode, stderr } = await run(command, { env });
  return { exitCode, files: readdirSync(binDir).sort(), stderr };
}

function sizeOf(folder: Folder, name: string): number {
  return readFileSync(join(folder.path, "bin", name)).length;
}
