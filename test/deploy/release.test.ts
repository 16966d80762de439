import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../kit/cni.ts";
import { confined, startContainerd } from "../kit/containerd.ts";
import { temporaryFolder } from "../kit/folder.ts";
import { helm, render } from "../kit/helm.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { uniqueName } from "../kit/namespaces.ts";
import { unpackImage } from "../kit/oci-archive.ts";
import { run, tool } from "../kit/run.ts";

/** What `make release` leaves in dist/release, run as far as this machine can. */

const RELEASE = join(import.meta.dir, "../../dist/release");
if (!existsSync(RELEASE)) throw new Error(`expected ${RELEASE}: run 'make release' first`);
const IMAGE = join(RELEASE, "kube-ipam-0.3.0-image.tar");
const VERSION_LINE = "  Version: kube-ipam v0.3.0\n";

test("the checksums are those of everything in it", async () => {
  const checked = await tool("sh", "-c", 'cd "$0" && sha256sum --strict -c SHA256SUMS && ls', RELEASE);
  expect(checked.match(/: OK$/gm)?.length).toBe(6);
  expect(checked).toEndWith(
    [
      ...["SHA256SUMS", "kube-ipam-0.3.0-image.tar", "kube-ipam-0.3.0-linux-arm64"],
      ...["kube-ipam-0.3.0-linux-x64", "kube-ipam-0.3.0.tgz", "kube-ipam-shim-0.3.0-linux-arm64"],
      "kube-ipam-shim-0.3.0-linux-x64\n",
    ].join("\n"),
  );
});

test("x64 runs on a processor without AVX2", async () => {
  const program = join(RELEASE, "kube-ipam-0.3.0-linux-x64");
  const version = await run(["qemu-x86_64", "-cpu", "Nehalem", program, "--version"]);
  expect(version.stdout).toStartWith(VERSION_LINE);
});

test("arm64 serves a pod, with no other libraries than those of its image", async () => {
  using folder = temporaryFolder("arm64");
  const { root } = await unpackImage(IMAGE, folder, "arm64");
  const program = join(root, "usr/local/bin/kube-ipam");
  const qemu = ["qemu-aarch64", "-L", root];
  const version = await run([...qemu, program, "--version"]);
  expect(version.stdout).toStartWith(VERSION_LINE);

  const ipam = { type: "kube-ipam", subnet: "10.1.2.0/24", dataDir: folder.file("data") };
  const files = { runDir: folder.file("run"), logFile: folder.file("log"), nodeName: "worker-1" };
  const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam: { ...ipam, ...files } };
  const call = { container: "c1", netns: "/proc/self/ns/net", ifname: "eth0" };
  const added = await run([...qemu, program], {
    env: { ...environment("ADD", call), KUBE_IPAM_CONFIG: folder.file("none.json") },
    stdin: JSON.stringify(network),
  });
  expect(JSON.parse(added.stdout).ips).toEqual([{ address: "10.1.2.2/24", gateway: "10.1.2.1" }]);
});

test("the shim for arm64 is static and speaks for itself", async () => {
  const program = join(RELEASE, "kube-ipam-shim-0.3.0-linux-arm64");
  const env = { ...environment("STATUS", {}), KUBE_IPAM_FALLBACK: "none", KUBE_IPAM_AGENT_SOCKET: "/none" };
  const refused = await run(["qemu-aarch64", program], { env, stdin: '{"cniVersion": "1.1.0"}' });
  expect(JSON.parse(refused.stdout)).toMatchObject({ cniVersion: "1.1.0", code: 11 });
});

const missing = withoutRealRoot();
const title = missing === undefined ? "" : `: ${missing}`;

test.skipIf(missing !== undefined)(
  `containerd takes its own processor's image from the archive${title}`,
  async () => {
    using folder = temporaryFolder("release");
    await using containerd = await startContainerd(folder);
    await tool(...containerd.ctr("images", "import", "--snapshotter", "native", IMAGE));
    const image = ["localhost/kube-ipam:0.3.0", uniqueName("r")];
    const version = await run(
      containerd.ctr("run", ...confined(), ...image, "/usr/local/bin/kube-ipam", "--version"),
    );
    expect(version.stdout).toStartWith(VERSION_LINE);
  },
);

test("Helm renders the packed chart as it does the folder", async () => {
  const packed = await helm(
    "template",
    "kube-ipam",
    join(RELEASE, "kube-ipam-0.3.0.tgz"),
    ETCD,
    "-n",
    "kube-system",
  );
  expect(packed.stdout).toBe(await render(ETCD));
});

const ETCD = '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]';
