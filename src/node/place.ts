import { dlopen } from "bun:ffi";
import fs from "node:fs";

/** One of the few places in which complete plugins work at once (docs/agent-protocol.md). */
export interface Place {
  /** Lets another process work while this one only waits. No more than a system call where that is so already. */
  leave(): void;
  /** Resolves when this process has a place; without one at `deadline` (milliseconds of performance.now()). */
  takeAgain(deadline: number): Promise<void>;
}

/**
 * The place that the shim has taken and passed on, as $KUBE_IPAM_PLACE says: "<descriptor>/<places that this verb
 * may take>". Undefined where that is no lock file of a place: an older shim passes none on by name.
 */
export function passedOnPlace(text: string): Place | undefined {
  const [, fd, usable] = /^(\d+)\/(\d)$/.exec(text) ?? [];
  const [, folder, number] = /^(\/.*)\/fallback-(\d)\.lock$/.exec(linkOf(fd)) ?? [];
  if (folder === undefined) return undefined;
  const files = new Map([[Number(number), Number(fd)]]);
  let taken: number | undefined = Number(fd);
  const tryTaking = (): boolean => {
    for (let place = Number(usable) - 1; taken === undefined && place >= 0; place--) {
      const file = files.get(place) ?? open(`${folder}/fallback-${place}.lock`);
      files.set(place, file);
      if (lock(file, LOCK_EX | LOCK_NB)) taken = file;
    }
    return taken !== undefined;
  };
  return {
    leave() {
      if (taken !== undefined && lock(taken, LOCK_UN)) taken = undefined;
    },
    async takeAgain(deadline) {
      while (!tryTaking() && performance.now() < deadline) await Bun.sleep(RETRY_MS);
    },
  };
}

/** As often as the shim tries. */
const RETRY_MS = 5;

// <sys/file.h>, the same on x86-64 and arm64.
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

function linkOf(fd: string | undefined): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** -1 where it cannot be opened: nobody has a lock on that. */
function open(path: string): number {
  try {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
    return fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  } catch {
    return -1;
  }
}

let opened: ReturnType<typeof openLibrary> | undefined;

/** Called when a process waits for the first time: few do. */
function openLibrary() {
  try {
    return dlopen("libc.so.6", { flock: { args: ["i32", "i32"], returns: "i32" } } as const).symbols;
  } catch {
    return null;
  }
}

/** Changes the lock of a whole file: flock(2), as the shim does. False where that is impossible. */
function lock(fd: number, operation: number): boolean {
  opened ??= openLibrary();
  return opened?.flock(fd, operation) === 0;
}
