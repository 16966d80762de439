import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { NodeSettings } from "../../config/network-configuration.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** Linux <linux/magic.h>: file systems that a reboot empties. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** Checks the folders that kube-ipam writes: each must be writable, and on the right kind of file system. */
export function checkFolders({ dataDir, runDir, logFile }: NodeSettings): Finding[] {
  return [checkDataDir(dataDir), checkRunDir(runDir), checkLog(logFile)];
}

function checkDataDir(folder: string): Finding {
  const name = `dataDir ${folder}`;
  if (!isWritable(folder))
    return failed(name, "cannot be written", "run as root, and check that its file system is writable");
  if (!isInMemory(folder))
    return ok(name, existsSync(folder) ? "writable, on disk" : "the first use makes it, on disk");
  return warning(
    name,
    "lies in memory: a reboot loses the store and the kept DELs",
    "set dataDir to a folder on a disk",
  );
}

function checkRunDir(folder: string): Finding {
  const name = `runDir ${folder}`;
  if (!isWritable(folder))
    return failed(name, "cannot be written", "run as root, and check that its file system is writable");
  if (isInMemory(folder)) return ok(name, "writable, in memory");
  return warning(
    name,
    "lies on a disk: a reboot does not empty it, though it removes the namespaces",
    "set runDir to a folder in /run; kube-ipam still tells older records by their boot ID",
  );
}

function checkLog(file: string): Finding {
  if (isWritable(file)) return ok(`logFile ${file}`, "writable");
  return warning(
    `logFile ${file}`,
    "cannot be written: the plugin works, but logs nothing",
    "run as root, or set logFile",
  );
}

/** For a path that does not exist yet, the nearest existing folder decides. */
function isWritable(path: string): boolean {
  try {
    accessSync(nearest(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isInMemory(path: string): boolean {
  return IN_MEMORY.has(statfsSync(nearest(path)).type);
}

function nearest(path: string): string {
  return existsSync(path) || path === "/" ? path : nearest(dirname(path));
}
