import { mkdirSync } from "node:fs";

export interface Mount extends Disposable {
  readonly folder: string;
}

/** Why nothing can be mounted here (no root, no mount namespace of one's own); undefined where it can. */
export function withoutMounts(folder: string): string | undefined {
  try {
    mountTmpfs(folder, "size=64k")[Symbol.dispose]();
    return undefined;
  } catch (failure) {
    return String(failure);
  }
}

/** A small file system of its own, which can be filled or made read-only; unmounted with its scope. */
export function mountTmpfs(folder: string, options: string): Mount {
  mkdirSync(folder, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", options, "kube-ipam-test", folder);
  return { folder, [Symbol.dispose]: () => run("umount", "-l", folder) };
}

export function remount(folder: string, options: string): void {
  run("mount", "-o", `remount,${options}`, folder);
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe", stdout: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString().trim()}`);
}
