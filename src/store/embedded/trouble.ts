import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { StoreFailure, type StoreFailureKind } from "../../ipam/store-port.ts";

interface Trouble {
  readonly codes: RegExp;
  readonly kind: StoreFailureKind;
  /** Follows "the store <file>". */
  readonly what: string;
  readonly remedy: string;
}

const BUSY: Trouble = {
  codes: /^SQLITE_(BUSY|LOCKED)/,
  kind: "unavailable",
  what: "is busy: another process was writing to it all the time",
  remedy: "try again; 'fuser' on the file names the processes that have it open",
};

const FULL: Trouble = {
  codes: /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
  kind: "no-space",
  what: "cannot grow: its file system is full",
  remedy: "free space there, or set dataDir to another file system before the first pod gets an address",
};

const CORRUPT: Trouble = {
  codes: /^SQLITE_(NOTADB|CORRUPT)/,
  kind: "unwritable",
  what: "is corrupt",
  remedy: "restore it from a backup, or move it away once no pod of this node holds an address",
};

const NOT_WRITABLE: Trouble = {
  codes:
    /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EROFS|EACCES|EPERM|ENOENT|ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG)/,
  kind: "unwritable",
  what: "cannot be opened for writing",
  remedy: "its folder (key dataDir) must be writable by root and not lie on a read-only file system",
};

const DISK: Trouble = {
  codes: /^(SQLITE_IOERR|EIO)/,
  kind: "unwritable",
  what: "cannot be read or written: its disk reports an error",
  remedy: "look at the kernel's log (dmesg) and at the disk",
};

const TABLE = [BUSY, FULL, CORRUPT, NOT_WRITABLE, DISK];

/** Whether SQLite only reports that another process uses the file: worth another try. */
export function isBusy(failure: unknown): boolean {
  return BUSY.codes.test(codeOf(failure));
}

/** The StoreFailure for an error with the store's file. */
export function troubleOf(failure: unknown, file: string): StoreFailure {
  if (failure instanceof StoreFailure) return failure;
  const code = codeOf(failure);
  const reason = failure instanceof Error ? failure.message : String(failure);
  const found = TABLE.find(({ codes }) => codes.test(code));
  // SQLite reports a full disk in several ways: a shared-memory file that cannot grow is an "I/O error".
  const trouble = (found === DISK || found === NOT_WRITABLE) && isFull(file) ? FULL : found;
  const what =
    trouble === undefined ? `failed: ${reason}` : `${trouble.what}${because(trouble, code, reason)}`;
  const remedy = trouble?.remedy ?? "look at the file with 'sqlite3', and at the disk";
  return new StoreFailure(trouble?.kind ?? "unwritable", `the store ${file} ${what}`, remedy, {
    cause: failure,
  });
}

/**
 * The StoreFailure for an error of the commit itself. After an error of the disk it is unknown whether the
 * write survives a power cut (RESOLVED).
 */
export function commitTroubleOf(failure: unknown, file: string): StoreFailure {
  const trouble = troubleOf(failure, file);
  if (!DISK.codes.test(codeOf(failure)) || trouble.kind === "no-space") return trouble;
  return new StoreFailure("unknown-outcome", trouble.message, trouble.remedy, { cause: failure });
}

/** The failure for a file of a newer program. */
export function newerSchema(file: string, found: number, known: number): StoreFailure {
  return new StoreFailure(
    "unwritable",
    `the store ${file} was written by a newer kube-ipam (schema ${found}, this program knows ${known})`,
    "upgrade kube-ipam on this node",
  );
}

/** The failure for a file that is no longer the one that was opened. */
export function replacedFile(file: string): StoreFailure {
  return new StoreFailure(
    "unwritable",
    `the store ${file} was removed or replaced while it was open`,
    "put the right file in its place, then restart the agent",
  );
}

/** The failure for a call after `close`. */
export function closedStore(file: string): StoreFailure {
  return new StoreFailure("unavailable", `the store ${file} was closed`, "open it again");
}

/** The failure for a file that other processes keep busy. */
export function busyStore(file: string): StoreFailure {
  return new StoreFailure(BUSY.kind, `the store ${file} ${BUSY.what}`, BUSY.remedy);
}

/** The failure past the deadline. `last` is the error of the last attempt; undefined where there was none. */
export function lateStore(file: string, last: unknown): StoreFailure {
  if (last !== undefined) return troubleOf(last, file);
  return new StoreFailure("unavailable", `no time was left to ask the store ${file}`, "try again");
}

function because(trouble: Trouble, code: string, reason: string): string {
  if (trouble === NOT_WRITABLE) return ` (${reason})`;
  return trouble === DISK ? ` (${code})` : "";
}

function isFull(file: string): boolean {
  try {
    const { bavail, files, ffree } = statfsSync(dirname(file));
    return bavail === 0 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

function codeOf(failure: unknown): string {
  if (typeof failure !== "object" || failure === null || !("code" in failure)) return "";
  return String(failure.code);
}
