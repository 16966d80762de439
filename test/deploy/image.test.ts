import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { confined, mounted, startContainerd } from "../kit/containerd.ts";
import { temporaryFolder } from "../kit/folder.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { uniqueName } from "../kit/namespaces.ts";
import { unpackImage } from "../kit/oci-archive.ts";
import { run, tool } from "../kit/run.ts";

/** The container image as a node gets it: `make image`, imported into a real containerd and run. */

const ARCHIVE = join(import.meta.dir, "../../dist/kube-ipam-image.tar");
if (!existsSync(ARCHIVE)) throw new Error(`expected ${ARCHIVE}: run 'make image' first`);
const NAME = "localhost/kube-ipam:0.3.0";

const missing = withoutRealRoot();
const title = missing === undefined ? "" : `: ${missing}`;

test.skipIf(missing !== undefined)(`containerd runs it, and it installs and removes${title}`, async () => {
  using folder = temporaryFolder("image");
  await using containerd = await startContainerd(folder);
  const { ctr } = containerd;
  await tool(...ctr("images", "import", "--snapshotter", "native", ARCHIVE));
  expect(await tool(...ctr("images", "list", "-q"))).toContain(NAME);
  const kubeIpam = (options: readonly string[], ...args: string[]) =>
    run(ctr("run", ...options, NAME, uniqueName("c"), "/usr/local/bin/kube-ipam", ...args));

  const version = await kubeIpam(confined(), "--version");
  expect(version).toMatchObject({ exitCode: 0, stderr: "" });
  expect(version.stdout).toStartWith("  Version: kube-ipam v0.3.0\n");

  const [bin, etc] = [folder.file("host"), folder.file("etc")];
  for (const made of [bin, etc]) mkdirSync(made);
  await Bun.write(folder.file("etc", "node.json"), "{}");
  // As distributions unpack it: not root's.
  await tool("chown", "1001:1001", bin);
  const init = [...confined("DAC_OVERRIDE"), ...mounted(bin, "/host/bin"), ...mounted(etc, "/etc/kube-ipam")];
  const node = ["--node-file", "/etc/kube-ipam/node.json", "--node-name", "worker-1"];
  const installed = await kubeIpam(init, "install", "--bin-dir", "/host/bin", ...node);
  expect(installed).toMatchObject({ exitCode: 0 });
  expect(readdirSync(bin).sort()).toEqual(["kube-ipam", "kube-ipam.full"]);
  expect(await Bun.file(folder.file("etc", "config.json")).json()).toEqual({ nodeName: "worker-1" });
  const onHost = await run([join(bin, "kube-ipam"), "--version"]);
  expect(onHost.stdout).toStartWith("  Version: kube-ipam v0.3.0\n");

  const purged = await kubeIpam(init, "install", "--purge", "--bin-dir", "/host/bin");
  expect(purged).toMatchObject({ exitCode: 0 });
  expect(readdirSync(bin)).toEqual([]);
  expect(readdirSync(etc)).toEqual(["node.json"]);
});

test("it holds the executable, the shim and the C library, and nothing else", async () => {
  using folder = temporaryFolder("image");
  const { files } = await unpackImage(ARCHIVE, folder);
  const names = files.map((path) => path.slice(path.lastIndexOf("/") + 1)).sort();
  expect(names.filter((name) => !/^ld-linux-.*\.so\.\d$/.test(name))).toEqual(
    ["kube-ipam", "kube-ipam-shim", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"]
      .concat("nsswitch.conf", "run")
      .sort(),
  );
});

test.skipIf(missing !== undefined)(`the controller runs as nobody in it${title}`, async () => {
  using folder = temporaryFolder("image");
  const { root } = await unpackImage(ARCHIVE, folder);
  // Debian's ctr cannot be told a user, so this is no container.
  const script =
    'mkdir "$0/proc" && mount -t proc proc "$0/proc" && exec chroot --userspec=65532:65532 "$0" kube-ipam controller "$@"';
  const controller = (...args: string[]) =>
    run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, root, ...args], {
      env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/bin" },
    });
  const failed = await controller("--config", "/none");
  expect(failed).toMatchObject({ exitCode: 1 });
  expect(failed.stderr).toContain("the node's configuration /none cannot be read");
});

test("the same input gives the same digest", async () => {
  using folder = temporaryFolder("image");
  const script = join(import.meta.dir, "../../scripts/image.ts");
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const again = folder.file("again.tar");
  const built = await run([process.execPath, script, again, `${architecture}=${join(ARCHIVE, "..")}`], {
    env: { BUN_BE_BUN: "1" },
  });
  expect(built).toMatchObject({ exitCode: 0 });
  expect(await digest(again)).toBe(await digest(ARCHIVE));
});

async function digest(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}
