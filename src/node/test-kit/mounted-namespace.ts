import fs from "node:fs";

/** Mounts a new network namespace at a path, as a runtime does for a pod. */
export function mountNamespace(path: string): void {
  fs.closeSync(fs.openSync(path, "wx"));
  run("unshare", `--net=${path}`, "true");
}

/** Unmounts it and removes the file, as a runtime does when the pod ends. */
export function removeNamespace(path: string): void {
  run("umount", path);
  fs.unlinkSync(path);
}

/** Runs a program to its end. @returns its stdout. */
export function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode === 0) return stdout.toString().trim();
  throw new Error(`${command.join(" ")} exited with ${exitCode}: ${stderr.toString()}`);
}
