import { existsSync, opendirSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { isIP } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { isOthersPlace } from "./others-places.ts";
import { OWN_NAMES } from "./own-names.ts";

/** A file system's own. */
const IGNORED = /^(lost\+found|\.snapshots?|\.zfs|\.nfs[\da-f]+)$/;

/** Folders for whatever programs make: what else lies there is no program's configuration. */
const TEMPORARY = /^\/(var\/)?tmp\//;

const WRITE = 0o002;
const ENTER = 0o001;
const STICKY = 0o1000;

/**
 * Why root must not write into a folder that somebody without rights on this node has named; undefined where
 * it may. Nobody but root can change where the path leads, and the folder is missing, empty, ours already, or
 * host-local's, which also has a key `dataDir`. What is no folder at all is found by whoever opens it.
 */
export function whyNotOwnFolder(path: string): string | undefined {
  const wanted = resolve(path);
  const existing = nearestExisting(wanted);
  try {
    const real = realpathSync(existing);
    const whole = join(real, wanted.slice(existing.length));
    if (isOthersPlace(whole)) return "it is the kernel's, or containers write there";
    const why = whyOthersReach(real, whole);
    if (why !== undefined || existing !== wanted || !statSync(real).isDirectory()) return why;
    return whyUsed(real);
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

/**
 * As sshd judges the way to a user's keys. In a sticky folder such as /tmp nobody moves what is root's, and what
 * lies in a folder that only root may enter is out of reach.
 */
function whyOthersReach(existing: string, wanted: string): string | undefined {
  if (!isRootOfNode()) return undefined;
  for (const folder of fromTheRoot(existing)) {
    const found = statSync(folder);
    if (found.uid !== 0) return `'${folder}' belongs to user ${found.uid}`;
    if (isFor(found, WRITE) && !((found.mode & STICKY) !== 0 && folder !== wanted))
      return `others than root may write in '${folder}'`;
    if (!isFor(found, ENTER)) return undefined;
  }
  return undefined;
}

function fromTheRoot(path: string): string[] {
  return path === dirname(path) ? [path] : [...fromTheRoot(dirname(path)), path];
}

/** Whether others than root may do it. */
function isFor({ gid, mode }: Stats, right: number): boolean {
  return (mode & right) !== 0 || ((mode & (right << 3)) !== 0 && gid !== 0);
}

/** Who is not, can write no more than the one who named the folder; and other owners look like nobody there. */
function isRootOfNode(): boolean {
  return (
    process.geteuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"))
  );
}

/** Looks no further than the first file of others: the folder may be any. */
function whyUsed(folder: string): string | undefined {
  if (TEMPORARY.test(`${folder}/`) || OWN_NAMES.some((name) => existsSync(join(folder, name))))
    return undefined;
  const listing = opendirSync(folder);
  try {
    for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
      if (!IGNORED.test(entry.name) && !isHostLocals(join(folder, entry.name)))
        return "it holds other files, and nothing of kube-ipam's";
    }
    return undefined;
  } finally {
    listing.closeSync();
  }
}

/** host-local has a folder for each network, with the leases and marks of its own; the locks came with release 0.8. */
function isHostLocals(path: string): boolean {
  const name = basename(path);
  return isIP(name) !== 0 || MARK.test(name) || MARKS.some((mark) => existsSync(join(path, mark)));
}

const MARK = /^(lock|last_reserved_ip(\.\d+)?)$/;
const MARKS = ["lock", "last_reserved_ip", "last_reserved_ip.0"];
