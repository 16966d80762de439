import { chmodSync, closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { IpamError } from "../ipam/errors.ts";
import { tryLock } from "../node/record-lock.ts";

/** Longest path that fits into sockaddr_un (unix(7)), and what we put behind it while binding. */
const LONGEST_PATH = 107;
const TEMPORARY = ".new";

/** A path that is ours alone until `release`, or until this process ends in any way. */
export interface ClaimedSocket {
  /** Where to bind; nobody looks there. */
  readonly temporary: string;
  /** Puts the bound socket in place in one step, over a stale one; only root may connect. */
  publish(): void;
  /** New callers find nobody from now on; the path stays ours. */
  withdraw(): void;
  release(): void;
}

/**
 * Claims a socket's path by a lock on a file beside it. The file stays: removing it would let two
 * agents lock two files of one name.
 *
 * @throws IpamError invalidConfig when another agent serves there, or the path is too long; io.
 */
export function claimSocket(path: string): ClaimedSocket {
  requireShort(path);
  const lock = lockBeside(path);
  const temporary = `${path}${TEMPORARY}`;
  rmSync(temporary, { force: true });
  return {
    temporary,
    publish: () => {
      chmodSync(temporary, 0o600);
      renameSync(temporary, path);
    },
    withdraw: () => rmSync(path, { force: true }),
    release: () => closeSync(lock),
  };
}

function requireShort(path: string): void {
  if (Buffer.byteLength(path + TEMPORARY) <= LONGEST_PATH) return;
  throw new IpamError(
    "invalidConfig",
    `the socket's path '${path}' is too long`,
    `expected at most ${LONGEST_PATH - TEMPORARY.length} bytes`,
  );
}

function lockBeside(path: string): number {
  const lock = openLock(`${path}.lock`);
  if (tryLock(lock, "exclusive", { from: 0, count: 0 })) return lock;
  closeSync(lock);
  throw new IpamError(
    "invalidConfig",
    `another agent serves '${path}'`,
    "stop it, or give this one another --socket",
  );
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
