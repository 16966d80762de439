import { existsSync, opendirSync, readFileSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryParseAddress } from "../address/address.ts";
import { isSystemPlace } from "./others-places.ts";
import { areOurs, isOwnName } from "./own-names.ts";
import { type Way, wayTo } from "./way-to.ts";

/** A file system's own. */
const IGNORED = /^(lost\+found|\.snapshots?|\.zfs|\.nfs[\da-f]+)$/;

/** Folders for whatever programs make: what else lies there is no program's configuration. */
const TEMPORARY = /^\/(var\/)?tmp\//;

const WRITE = 0o002;
const ENTER = 0o001;
const STICKY = 0o1000;

/** Of one that was found to be kube-ipam's own, for how long its way is not looked at again, in milliseconds. */
const TRUSTED_MS = 1000;
const MOST_TRUSTED = 64;

/**
 * As whyNotOwnFolder, for who asks again and again. A folder that was found to be kube-ipam's own a moment ago stays it
 * as long as it is the same one with the same rights: only root could have changed the way to it.
 */
export function whyNotOwnFolderAgain(path: string): string | undefined {
  const same = identityOf(path);
  const before = trusted.get(path);
  if (before !== undefined && before.same === same && performance.now() < before.until) return undefined;
  trusted.delete(path);
  const why = whyNotOwnFolder(path);
  if (why === undefined && same !== undefined)
    trusted.set(path, { same, until: performance.now() + TRUSTED_MS });
  const [oldest] = trusted.keys();
  if (trusted.size > MOST_TRUSTED && oldest !== undefined) trusted.delete(oldest);
  return why;
}

/** Which one it is, and who may do what there; undefined where there is none. */
function identityOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && `${found.dev} ${found.ino} ${found.uid} ${found.gid} ${found.mode}`;
  } catch {
    // Below a file, for example: whoever judges it says what is wrong.
    return undefined;
  }
}

/** Who was looked at longest ago comes first. */
const trusted = new Map<string, { readonly same: string; readonly until: number }>();

/**
 * Why root must not write into a folder that somebody without rights on this node has named; undefined where
 * it may. Nobody but root can change where the path leads, and the folder is missing, empty, ours already, or
 * host-local's, which also has a key `dataDir`. What is no folder at all is found by whoever opens it.
 *
 * @param path absolute.
 */
export function whyNotOwnFolder(path: string): string | undefined {
  try {
    const way = wayTo(path);
    const why = whyOthersReach(way);
    if (why !== undefined) return why;
    if (way.missing.length > 0) return isSystemPlace(join(way.end, ...way.missing)) ? SYSTEMS : undefined;
    return statSync(way.end).isDirectory() ? whyUsed(way.end) : undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

/** As sshd judges the way to a user's keys, and also the folders of links on it. */
function whyOthersReach({ end, missing, passed }: Way): string | undefined {
  if (!isRootOfNode()) return undefined;
  const reach = new Reach(missing.length === 0 ? end : undefined);
  for (const { path, found } of passed) {
    const folder = found.isSymbolicLink() ? dirname(path) : path;
    const why = reach.why(folder);
    if (why !== undefined) return why;
    if (found.uid !== 0 && !reach.isHidden(folder)) return `'${path}' belongs to user ${found.uid}`;
  }
  return reach.why(end);
}

/**
 * Who else than root can change what is in folders. In a sticky one such as /tmp nobody moves what is root's, and what
 * lies in a folder that only root may enter is out of reach.
 */
class Reach {
  /** The folder that root is to fill itself. */
  readonly #filled: string | undefined;
  readonly #known = new Map<string, string | "hidden" | "open">();

  constructor(filled: string | undefined) {
    this.#filled = filled;
  }

  why(folder: string): string | undefined {
    const judged = this.#judge(folder);
    return judged === "hidden" || judged === "open" ? undefined : judged;
  }

  isHidden(folder: string): boolean {
    return this.#judge(folder) === "hidden";
  }

  #judge(folder: string): string {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const above = folder === dirname(folder) ? "open" : this.#judge(dirname(folder));
    const judged = above === "open" ? this.#judgeItself(folder) : above;
    this.#known.set(folder, judged);
    return judged;
  }

  #judgeItself(folder: string): string {
    const found = statSync(folder);
    if (found.uid !== 0) return `'${folder}' belongs to user ${found.uid}`;
    if (isFor(found, WRITE) && !((found.mode & STICKY) !== 0 && folder !== this.#filled))
      return `others than root may write in '${folder}'`;
    return isFor(found, ENTER) ? "open" : "hidden";
  }
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

const SYSTEMS = "the system's programs or their configuration lie there";

/** Looks no further than the first file of others: the folder may be any. */
function whyUsed(folder: string): string | undefined {
  if (TEMPORARY.test(`${folder}/`) || areOurs((name) => existsSync(join(folder, name)))) return undefined;
  const listing = opendirSync(folder);
  let isEmpty = true;
  try {
    for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
      if (IGNORED.test(entry.name)) continue;
      isEmpty = false;
      if (!isOwnName(entry.name) && !isHostLocals(join(folder, entry.name)))
        return "it holds other files, and nothing of kube-ipam's";
    }
    return isEmpty && isSystemPlace(folder) ? SYSTEMS : undefined;
  } finally {
    listing.closeSync();
  }
}

/** host-local has a folder for each network, with the leases and marks of its own; the locks came with release 0.8. */
function isHostLocals(path: string): boolean {
  const name = basename(path);
  return (
    tryParseAddress(name) !== undefined ||
    MARK.test(name) ||
    MARKS.some((mark) => existsSync(join(path, mark)))
  );
}

const MARK = /^(lock|last_reserved_ip(\.\d+)?)$/;
const MARKS = ["lock", "last_reserved_ip", "last_reserved_ip.0"];
