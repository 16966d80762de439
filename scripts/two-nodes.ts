import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryFolder } from "../test/kit/folder.ts";
import { HELM_FOLDER } from "../test/kit/helm.ts";
import { PROGRAMS } from "../test/kit/kubernetes.ts";
import { startRealCluster } from "../test/kit/nodes/real-cluster.ts";

/**
 * `scripts/own-machine.sh bun scripts/two-nodes.ts COMMAND…` starts a real Kubernetes of two nodes, node1 and node2, on
 * whose wire `wire0` there is a router, 10.188.0.1; a network for pods is left to the command. In the command's path
 * are `kubectl` (with kube-ipam's plugin) and `helm` for that cluster, and `node1`, `node2` and `router`, each of which runs a command there:
 * `node1 ctr version`. It ends as the command does, and leaves it to own-machine.sh to end the cluster.
 */

const NODES = ["node1", "node2"];
const PATH = process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const command = process.argv.slice(2);
if (command.length === 0) {
  console.error("usage: scripts/own-machine.sh bun scripts/two-nodes.ts COMMAND...");
  process.exit(2);
}

const folder = temporaryFolder("two-nodes");
const cluster = await startRealCluster(NODES, { aggregation: true });
for (const index of [1, 2]) {
  const node = await cluster.addNode({ index });
  copyFileSync(cluster.kubernetes.adminConfig, node.machine().path("etc/kubernetes/admin.conf"));
}
process.exit(await runHere());

async function runHere(): Promise<number> {
  const bin = folder.file("bin");
  mkdirSync(bin);
  symlinkSync(join(PROGRAMS, "kubectl"), join(bin, "kubectl"));
  symlinkSync(join(HELM_FOLDER, "helm"), join(bin, "helm"));
  symlinkSync(resolve("dist/kube-ipam"), join(bin, "kubectl-ipam"));
  for (const { machine, name } of cluster.nodes) writeDoor(join(bin, name), machine().command());
  writeDoor(join(bin, "router"), ["nsenter", `--net=${cluster.router.path}`, "--"]);
  const env = {
    ...process.env,
    PATH: `${bin}:${PATH}`,
    HOME: folder.path,
    KUBECONFIG: cluster.kubernetes.adminConfig,
  };
  return await Bun.spawn(command, { env, stdio: ["inherit", "inherit", "inherit"] }).exited;
}

/** A program that runs its arguments somewhere else. */
function writeDoor(path: string, command: readonly string[]): void {
  writeFileSync(path, `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`, { mode: 0o755 });
}
