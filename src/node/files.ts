import fs from "node:fs";
import { dirname } from "node:path";
import { takeUpRoom } from "../files/take-up-room.ts";
import { IpamError } from "../ipam/errors.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The configuration key that names the folder above a path; messages tell the operator to set it. */
export type FolderKey = "runDir" | "dataDir";

/** Reads a file's text; undefined where there is none. @throws IpamError io when it cannot be read. */
export function readIfThere(path: string, key: FolderKey): string | undefined {
  try {
    // An error costs ten times what the question does, and most files that are looked for are absent.
    if (fs.statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return fs.readFileSync(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw fileError("read", path, key, cause);
  }
}

/**
 * Small files that a process which makes and removes many uses again. Making one costs a file system
 * an inode, which on some takes longer than everything else that an ADD does on the disk.
 */
export interface SpareFiles {
  /** How many are at hand. */
  readonly count: number;
  /** The path of an empty file that is the caller's from now on; undefined where none is at hand. */
  borrow(): string | undefined;
  /** Takes a file away from its path, as `unlink` does. Its text is gone. Throws as node:fs does. */
  take(path: string): void;
  /** Removes those at hand, and keeps none from now on. Never throws. */
  close(): void;
}

/** `durable`: the text has reached the disk when the call returns. `spares`: files to use again. */
export interface ReplaceOptions {
  readonly durable?: boolean;
  readonly spares?: SpareFiles;
}

/**
 * Replaces a file's text in one step: a reader sees either the old text or the new one. With
 * `durable` it has reached the disk when this returns.
 *
 * @throws IpamError io; the old text is still there then.
 */
export function replaceFile(
  path: string,
  text: string,
  key: FolderKey,
  { durable = false, spares }: ReplaceOptions = {},
): void {
  const temporary = spares?.borrow() ?? `${path}.${crypto.randomUUID()}${TEMPORARY}`;
  try {
    const fd = openCreating(temporary, "w");
    try {
      fs.writeFileSync(fd, text);
      if (durable) fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    renameCreating(temporary, path);
    if (durable) syncFolder(dirname(path));
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError("write", path, key, cause);
  }
}

/** A file that was borrowed may be the first in its new folder. */
function renameCreating(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    makeFolder(dirname(to));
    fs.renameSync(from, to);
  }
}

/**
 * Makes a new file, in half the time that replacing one takes. A reader may find only a part of the text
 * while it is written, or after the writer was killed.
 *
 * @returns false where the path is taken; what is there stays as it is.
 * @throws IpamError io; nothing is at the path then.
 */
export function createFile(path: string, text: string, key: FolderKey): boolean {
  let made = false;
  try {
    const fd = openCreating(path, "wx");
    made = true;
    try {
      fs.writeFileSync(fd, text);
    } finally {
      fs.closeSync(fd);
    }
    return true;
  } catch (cause) {
    if (made) removeQuietly(path);
    else if (codeOf(cause) === "EEXIST") return false;
    throw fileError("write", path, key, cause);
  }
}

/** Checks that a folder takes one more file, and makes the folder where it is missing. Leaves no file. @throws IpamError io */
export function requireRoom(folder: string, key: FolderKey): void {
  const path = `${folder}/${crypto.randomUUID()}${TEMPORARY}`;
  try {
    if (fs.statSync(folder, { throwIfNoEntry: false }) === undefined) makeFolder(folder);
    takeUpRoom(path);
  } catch (cause) {
    throw fileError("write", path, key, cause);
  }
}

/** Removes a file; a missing file is no error. @throws IpamError io; the file stays then. */
export function removeFile(path: string, key: FolderKey, spares?: SpareFiles): void {
  try {
    if (spares === undefined) fs.unlinkSync(path);
    else spares.take(path);
  } catch (cause) {
    if (!isAbsent(cause)) throw fileError("remove", path, key, cause);
  }
}

/**
 * Lists the names of a folder's files with this ending; none where the folder is missing. Removes what a
 * killed process left half-written more than an hour ago.
 *
 * @throws IpamError io
 */
export function filesOf(folder: string, ending: string, key: FolderKey): string[] {
  try {
    const names = fs.readdirSync(folder);
    for (const name of names) if (name.endsWith(TEMPORARY)) removeIfOld(`${folder}/${name}`);
    return names.filter((name) => name.endsWith(ending));
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw fileError("read", folder, key, cause);
  }
}

/** Opens a file, making it and its folder (root only) where they are missing. Throws as node:fs does. */
export function openCreating(path: string, flags: "a+" | "w" | "wx" | number): number {
  try {
    return fs.openSync(path, flags, FILE_MODE);
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    makeFolder(dirname(path));
    return fs.openSync(path, flags, FILE_MODE);
  }
}

/** Turns an error of node:fs into one for people. Never quotes "no such file", which runtimes take for a DEL's success. */
export function fileError(verb: string, path: string, key: FolderKey, cause: unknown): IpamError {
  if (cause instanceof IpamError) return cause;
  const code = codeOf(cause);
  const [reason, remedy] = WORDS[code] ?? ["the system refused it", `look at the file system below ${key}`];
  const message = `cannot ${verb} '${path}': ${reason}${code === "" ? "" : ` (${code})`}`;
  const name = key === "dataDir" && UNWRITABLE.includes(code) ? "storeCannotWrite" : "io";
  return new IpamError(name, message, remedy.replace("KEY", key), { cause });
}

/** In dataDir these concern the store too, and get its code (docs/design.md section 8). */
const UNWRITABLE: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS"];

/** Whether an error of node:fs says that the file does not exist. */
export function isAbsent(cause: unknown): boolean {
  return codeOf(cause) === "ENOENT";
}

const TEMPORARY = ".tmp";
const OLD_MS = 3_600_000;

const WORDS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOENT: ["its folder is missing", "make the folder, or set 'KEY' to one on this node"],
  EACCES: ["permission denied", "kube-ipam runs as root; give it access, or set 'KEY' to another folder"],
  EPERM: ["permission denied", "kube-ipam runs as root; give it access, or set 'KEY' to another folder"],
  EROFS: [
    "the file system is read-only",
    "make it writable, or set 'KEY' to a folder on another file system",
  ],
  ENOSPC: [
    "the file system is full",
    "free space or inodes there, or set 'KEY' to a folder on another file system",
  ],
  EDQUOT: ["the quota is used up", "free space there, or set 'KEY' to a folder on another file system"],
  ENOTDIR: ["a part of the path is a file", "remove that file, or set 'KEY' to a folder"],
  EISDIR: ["it is a folder", "remove that folder"],
  EIO: ["the disk failed", "look at the kernel's log (dmesg) and replace the disk"],
};

/** The system's name of an error ("ENOENT"); "" where there is none. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}

/** Only root can use the folder itself; missing parents get the usual mode. */
function makeFolder(folder: string): void {
  fs.mkdirSync(dirname(dirname(folder)), { recursive: true });
  for (const path of [dirname(folder), folder]) {
    try {
      fs.mkdirSync(path, FOLDER_MODE);
    } catch (cause) {
      if (codeOf(cause) !== "EEXIST") throw cause;
      continue;
    }
    syncFolder(dirname(path));
  }
}

/** Makes the names in a folder last. Throws as node:fs does. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function removeIfOld(path: string): void {
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && Date.now() - stats.mtimeMs > OLD_MS) removeQuietly(path);
}

function removeQuietly(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // It was never made, or another process removed it.
  }
}
