import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/**
 * Makes the cgroup below which a node's kubelet puts its pods, for two kubelets in one would remove each
 * other's; gives its name below the root. It is empty, as after any reboot: for each pod of before, kubelet
 * asks the runtime three seconds long before it goes on. scripts/own-machine.sh removes it at the end.
 */
export function makeNodeCgroup(node: string): string {
  const name = `${process.env.KUBE_IPAM_MACHINE ?? "kube-ipam"}-${node}`;
  if (existsSync(join(ROOT, "cgroup.controllers"))) makeUnified(name);
  else for (const folder of controllerFolders()) makeLegacy(folder, name);
  return name;
}

/** Version 2: one tree; what the parent does not hand down, the child has not got. */
function makeUnified(name: string): void {
  const controllers = readFileSync(join(ROOT, "cgroup.controllers"), "utf8").trim().split(" ");
  for (const controller of controllers) tryWrite(join(ROOT, "cgroup.subtree_control"), `+${controller}`);
  mkdirSync(join(ROOT, name), { recursive: true });
  empty(join(ROOT, name));
}

/** Version 1: a tree for each controller. */
function makeLegacy(folder: string, name: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  empty(join(folder, name));
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    // A new cpuset is empty, and nothing can run in it.
    if (existsSync(join(folder, file))) {
      writeFileSync(join(folder, name, file), readFileSync(join(folder, file)));
    }
  }
}

/** Removes the cgroups below one; those with a process stay. */
function empty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const child = join(folder, entry.name);
    empty(child);
    try {
      rmdirSync(child);
    } catch {}
  }
}

function controllerFolders(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.flatMap((line) => {
    const [, folder = "", type] = line.split(" ");
    return type === "cgroup" && folder.startsWith(`${ROOT}/`) ? [folder] : [];
  });
}

/** A controller that is not to be had here is missed by the kubelet, which says so better. */
function tryWrite(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch {}
}
