import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { OWN_NAMES } from "./own-names.ts";
import { wayTo } from "./way-to.ts";

/** What the embedded store keeps beside its file. */
const STORE_PARTS = ["-wal", "-shm", "-spare"].map((part) => `kube-ipam.db${part}`);

/**
 * Whether kube-ipam has been at work in a folder that is no longer one it would begin in: it may go on where what
 * stands there under its names is this user's, no link, and nobody else's to write.
 */
export function isBegunFolder(path: string): boolean {
  try {
    const { end: real, missing } = wayTo(path);
    if (missing.length > 0) return false;
    const found = [...OWN_NAMES, ...STORE_PARTS].flatMap(
      (name) => lstatSync(join(real, name), { throwIfNoEntry: false }) ?? [],
    );
    return found.length > 0 && found.every(isOursAlone);
  } catch {
    return false;
  }
}

const OTHERS_WRITE = 0o022;

function isOursAlone(found: Stats): boolean {
  const isOne = found.isDirectory() || found.isSocket() || (found.isFile() && found.nlink === 1);
  return isOne && found.uid === process.geteuid?.() && (found.mode & OTHERS_WRITE) === 0;
}
