import {
  chmodSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { IpamError } from "../../ipam/errors.ts";
import { tryLock } from "../../node/record-lock.ts";

/** Longest path that fits into sockaddr_un (unix(7)), and what we put behind it while binding. */
const LONGEST_PATH = 107;
const TEMPORARY = ".new";

/** A path that is ours alone until `release`, or until this process ends in any way. */
export interface ClaimedSocket {
  /** Where to bind: no caller connects there. */
  readonly temporary: string;
  /** Puts the bound socket in place in one step, over a stale one; only root may connect. */
  publish(): void;
  /**
   * Claims the path anew where the socket was removed: bind and publish once more.
   *
   * @returns false where something is there.
   * @throws IpamError as `claimSocket`; the path is no longer ours then.
   */
  reclaim(): boolean;
  /** New callers find no socket from now on; the path stays ours. */
  withdraw(): void;
  release(): void;
}

/**
 * Claims a socket's path by a lock on a file beside it. The file stays: removing it would let two
 * agents lock two files of one name.
 *
 * @throws IpamError invalidConfig when another agent serves there, something else than a socket lies
 *   there, or the path is none or too long; io.
 */
export function claimSocket(path: string): ClaimedSocket {
  requirePath(path);
  requireOurs(path);
  let lock = lockBeside(path);
  const temporary = `${path}${TEMPORARY}`;
  rmSync(temporary, { force: true });
  return {
    temporary,
    publish: () => {
      try {
        chmodSync(temporary, 0o600);
        requireOurs(path);
        renameSync(temporary, path);
      } catch (failure) {
        rmSync(temporary, { force: true });
        throw failure;
      }
    },
    reclaim: () => {
      if (statsOf(path) !== undefined) return false;
      // With the socket its folder may have been removed, and a lock without a name locks out nobody.
      if (!isOpen(lock, lockOf(path))) {
        const renewed = lockBeside(path);
        closeSync(lock);
        lock = renewed;
      }
      return true;
    },
    withdraw: () => rmSync(path, { force: true }),
    release: () => closeSync(lock),
  };
}

/** Any other file at the socket's path is not ours to replace. */
function requireOurs(path: string): void {
  const found = statsOf(path);
  if (found === undefined || found.isSocket()) return;
  const kind = found.isDirectory() ? "a folder" : found.isSymbolicLink() ? "a link" : "a file";
  throw new IpamError(
    "invalidConfig",
    `'${path}' is ${kind} and no socket`,
    "remove it, or give the agent another --socket",
  );
}

/** Undefined also for a path that leads through a file: making the folder then fails and says so. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isOpen(descriptor: number, path: string): boolean {
  const [open, named] = [fstatSync(descriptor), statSync(path, { throwIfNoEntry: false })];
  return named !== undefined && open.dev === named.dev && open.ino === named.ino;
}

function requirePath(path: string): void {
  if (path === "") throw new IpamError("invalidConfig", "expected --socket PATH, got no path");
  if (Buffer.byteLength(path + TEMPORARY) <= LONGEST_PATH) return;
  throw new IpamError(
    "invalidConfig",
    `the socket's path '${path}' is too long`,
    `expected at most ${LONGEST_PATH - TEMPORARY.length} bytes`,
  );
}

function lockBeside(path: string): number {
  const lock = openLock(lockOf(path));
  if (tryLock(lock, "exclusive", { from: 0, count: 0 })) return lock;
  closeSync(lock);
  throw new IpamError(
    "invalidConfig",
    `another agent serves '${path}'`,
    "stop it, or give this one another --socket",
  );
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function openLock(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError("io", `cannot write '${path}': ${reason}`, "the agent needs a folder for its socket");
  }
}
