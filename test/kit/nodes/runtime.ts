import { mkdirSync, writeFileSync } from "node:fs";
import type { Daemon } from "../daemon.ts";
import { run } from "../run.ts";
import { eventually } from "../wait.ts";
import { PAUSE } from "./images.ts";
import type { Machine } from "./machine.ts";

/** Which containerd runs on a node: Debian's, or one whose folder is named. */
export interface RuntimeChoice {
  readonly folder?: string;
  /** For the plugins that it starts. */
  readonly env?: Readonly<Record<string, string>>;
}

const CONFIG = "/etc/containerd/config.toml";
/** Where the runtime tells what it did and how long that took, on every address of its machine. */
export const METRICS_PORT = 1338;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Starts the container runtime of a machine, with all paths as on any node; resolves when it answers. */
export async function startRuntime(machine: Machine, { folder, env }: RuntimeChoice): Promise<Daemon> {
  mkdirSync(machine.path("etc/containerd"), { recursive: true });
  mkdirSync(machine.path("etc/cni/net.d"), { recursive: true });
  mkdirSync(machine.path("opt/cni/bin"), { recursive: true });
  writeFileSync(machine.path(CONFIG), CONFIGURATION);
  const program = folder === undefined ? "containerd" : `${folder}/containerd`;
  const path = folder === undefined ? SYSTEM_PATH : `${folder}:${SYSTEM_PATH}`;
  const daemon = machine.start(`${machine.name}-containerd`, [program, "--config", CONFIG], {
    ...env,
    PATH: path,
  });
  await eventually(async () => {
    if (!daemon.running()) throw new Error(`containerd of ${machine.name} ended: ${daemon.tail()}`);
    const asked = await run(machine.command("ctr", "version"));
    return asked.exitCode === 0 || undefined;
  }, 60_000);
  return daemon;
}

/** Imports archives of images for the kubelet's pods. */
export async function importImages(machine: Machine, archives: readonly string[]): Promise<void> {
  for (const archive of archives) await machine.exec("ctr", "-n", "k8s.io", "images", "import", archive);
}

const CONFIGURATION = `version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp"]
[metrics]
  address = "0.0.0.0:${METRICS_PORT}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
