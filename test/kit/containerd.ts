import { mkdirSync, readFileSync } from "node:fs";
import { ociArchive } from "../../scripts/image/oci.ts";
import type { Folder } from "./folder.ts";
import { tool } from "./run.ts";

/** The image that every test container runs: Debian's static busybox and nothing else. */
export const BUSYBOX = "localhost/busybox:1";

/** A containerd of the test's own: no service of the machine is touched. */
export interface Containerd extends AsyncDisposable {
  /** A `ctr` command line that talks to it. */
  ctr(...args: string[]): string[];
}

/** Starts Debian's containerd with all its state in the folder and imports BUSYBOX. */
export async function startContainerd(folder: Folder): Promise<Containerd> {
  mkdirSync(folder.file("containerd"));
  const config = folder.file("containerd", "config.toml");
  const socket = folder.file("containerd", "sock");
  await Bun.write(config, configuration(folder.file("containerd"), socket));
  const child = Bun.spawn(["containerd", "--config", config], {
    stdout: "ignore",
    stderr: Bun.file(folder.file("containerd", "log")),
  });
  const ctr = (...args: string[]) => ["ctr", "--address", socket, ...args];
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  try {
    await untilItAnswers(ctr);
    await importBusybox(folder, ctr);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ctr, [Symbol.asyncDispose]: stop };
}

function configuration(folder: string, socket: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`;
}

async function untilItAnswers(ctr: Containerd["ctr"]): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      await tool(...ctr("version"));
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await Bun.sleep(100);
    }
  }
}

async function importBusybox(folder: Folder, ctr: Containerd["ctr"]): Promise<void> {
  const archive = folder.file("busybox.tar");
  await Bun.write(archive, busyboxImage() as Uint8Array<ArrayBuffer>);
  await tool(...ctr("images", "import", "--snapshotter", "native", archive));
}

/** BUSYBOX as an archive for `ctr images import`. */
export function busyboxImage(): Uint8Array {
  const applets = ["sh", "ip", "ping", "sleep", "cat", "test"];
  return ociArchive(BUSYBOX, {
    files: [
      ...["bin", "dev", "proc", "sys", "tmp"].map((path) => ({ path, folder: true as const })),
      { path: "bin/busybox", bytes: readFileSync("/bin/busybox"), mode: 0o755 },
      ...applets.map((name) => ({ path: `bin/${name}`, target: "busybox" })),
    ],
    command: ["sh"],
  });
}

/** What containerd gives a container unless it is told not to. */
const CAPABILITIES =
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE";

/** Options of `ctr run` for a container as the chart confines it, with these capabilities alone. */
export function confined(...kept: readonly string[]): string[] {
  const dropped = CAPABILITIES.split(" ").filter((capability) => !kept.includes(capability));
  return [
    ...["--rm", "--read-only", "--seccomp", "--snapshotter", "native"],
    ...dropped.flatMap((capability) => ["--cap-drop", `CAP_${capability}`]),
  ];
}

/** Option of `ctr run` that shows it a folder of the host, to be written to. */
export function mounted(source: string, target = source): string[] {
  return ["--mount", `type=bind,src=${source},dst=${target},options=rbind:rw`];
}
