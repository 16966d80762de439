import { dlopen } from "bun:ffi";
import { IpamError } from "../ipam/errors.ts";

/** Which bytes of a file a lock covers; the file need not be that long. */
export interface Bytes {
  readonly from: number;
  /** 0: to the end of the file, even if it grows. */
  readonly count: number;
}

/**
 * Locks some bytes of an open file without waiting (Linux fcntl(2), "Open file description
 * locks"). Such a lock excludes other descriptors of the same process too. The kernel drops it with the
 * last descriptor, so a killed process leaves none behind.
 *
 * @returns false where another descriptor holds them, or where the file system has no such locks.
 * @throws IpamError io where the process cannot load the C library's functions.
 */
export function tryLock(fd: number, mode: "shared" | "exclusive", bytes: Bytes): boolean {
  return change(fd, mode === "shared" ? READ_LOCK : WRITE_LOCK, bytes) === 0;
}

/** Unlocks some bytes of an open file. */
export function unlock(fd: number, bytes: Bytes): void {
  change(fd, UNLOCK, bytes);
}

// <asm-generic/fcntl.h>, the same on x86-64 and arm64.
const F_OFD_SETLK = 37;
const READ_LOCK = 0;
const WRITE_LOCK = 1;
const UNLOCK = 2;

let opened: ReturnType<typeof openLibrary> | undefined;

/** Called with the first lock: VERSION and STATUS need none. The library itself is loaded anyway. */
function openLibrary() {
  try {
    return dlopen("libc.so.6", { fcntl: { args: ["i32", "i32", "ptr"], returns: "i32" } } as const).symbols;
  } catch (cause) {
    throw new IpamError(
      "io",
      `files cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}`,
      "the process needs executable memory and room for it: lift RLIMIT_AS and MemoryDenyWriteExecute of the runtime",
      { cause },
    );
  }
}

function change(fd: number, type: number, { from, count }: Bytes): number {
  opened ??= openLibrary();
  // struct flock: short type, short whence (0, from the start), int64 start, int64 length, int pid (0).
  const request = new BigInt64Array([BigInt(type), BigInt(from), BigInt(count), 0n]);
  return opened.fcntl(fd, F_OFD_SETLK, request);
}
