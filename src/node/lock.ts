import fs from "node:fs";
import { IpamError } from "../ipam/errors.ts";
import { describeAttachment } from "../ipam/in-words.ts";
import type { AttachmentLock, Attendance, LockOptions } from "../ipam/node-port.ts";
import type { AttachmentId } from "../ipam/records.ts";
import { fileName } from "./file-name.ts";
import { fileError, openCreating } from "./files.ts";
import { type Bytes, tryLock, unlock } from "./record-lock.ts";

/**
 * Locks an attachment. The lock is a file below `folder` that exists only while a process works on the
 * attachment, or after one was killed doing so. One byte of the file is the mutex. Every process that waits
 * or works holds a shared lock on another byte; the last to leave removes the file. A DEL makes the file
 * one byte longer before it waits: an ADD that finds the file longer than at its start is cancelled.
 *
 * @throws IpamError tryAgain at the deadline; io when the file cannot be made or locked.
 */
export async function lockAttachment(
  folder: string,
  id: AttachmentId,
  options: LockOptions,
): Promise<AttachmentLock> {
  const path = pathOf(folder, id);
  const { fd, size: before } = await enter(path, id, options.deadline);
  try {
    if (options.cancelling) fs.writeSync(fd, MARK);
    const { size } = fs.fstatSync(fd);
    if (!(await acquire(fd, options.deadline))) throw busy(id, path);
    if (statAt(path, fd) === undefined) throw removed(path);
    return held(path, fd, { size, interrupted: before > 0 });
  } catch (cause) {
    leave(path, fd);
    throw fileError("write", path, "runDir", cause);
  }
}

/**
 * Opens an attachment's lock file without taking the lock, so that this process sees the mark of a DEL.
 * Taking the lock later costs one more system call.
 *
 * @throws IpamError tryAgain at the deadline; io when the file cannot be made or locked.
 */
export async function attendAttachment(
  folder: string,
  id: AttachmentId,
  deadline: number,
): Promise<Attendance> {
  const path = pathOf(folder, id);
  const { fd, size } = await enter(path, id, deadline);
  const presence = held(path, fd, { size, interrupted: size > 0 });
  let gone = false;
  return {
    ...presence,
    release() {
      gone = true;
      presence.release();
    },
    async lock(until) {
      if (!(await acquire(fd, until))) throw busy(id, path);
      let locked = true;
      return {
        ...presence,
        release() {
          if (locked && !gone) unlock(fd, MUTEX);
          locked = false;
        },
      };
    },
  };
}

function pathOf(folder: string, { network, container, ifname }: AttachmentId): string {
  return `${folder}/${fileName(network, container, ifname)}`;
}

const MARK = "x";
const MUTEX: Bytes = { from: 0, count: 1 };
const PRESENCE: Bytes = { from: 1, count: 1 };
const WHOLE: Bytes = { from: 0, count: 0 };
/** A process that holds the presence byte exclusively is removing the file, which takes no time. */
const ENTER_MS = 1000;
const LONGEST_PAUSE_MS = 20;

interface Entered {
  readonly fd: number;
  /** The file's length when this process opened it. */
  readonly size: number;
}

/** Opens the file, and keeps others from removing it until `leave`. */
async function enter(path: string, id: AttachmentId, deadline: number): Promise<Entered> {
  const until = Math.min(deadline, performance.now() + ENTER_MS);
  for (;;) {
    const fd = open(path);
    const present = tryLock(fd, "shared", PRESENCE);
    const stats = present ? statAt(path, fd) : undefined;
    if (stats !== undefined) return { fd, size: stats.size };
    fs.closeSync(fd);
    if (performance.now() >= until) throw until === deadline ? busy(id, path) : unlockable(path);
    if (!present) await Bun.sleep(1);
  }
}

function open(path: string): number {
  try {
    return openCreating(path, "a+");
  } catch (cause) {
    throw fileError("write", path, "runDir", cause);
  }
}

/** Undefined for a file that was removed or replaced: its lock excludes no other process. */
function statAt(path: string, fd: number): fs.Stats | undefined {
  const mine = fs.fstatSync(fd);
  const there = fs.statSync(path, { throwIfNoEntry: false });
  return mine.nlink > 0 && there?.ino === mine.ino && there.dev === mine.dev ? mine : undefined;
}

/** Waits without blocking the event loop: an agent serves other attachments meanwhile. */
async function acquire(fd: number, deadline: number): Promise<boolean> {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    if (tryLock(fd, "exclusive", MUTEX)) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await Bun.sleep(Math.min(pause, left));
  }
}

interface Found {
  /** The file's length that means "not cancelled". */
  readonly size: number;
  readonly interrupted: boolean;
}

function held(path: string, fd: number, { size, interrupted }: Found): AttachmentLock {
  let released = false;
  let cancelled = false;
  return {
    interrupted,
    cancelled() {
      if (!released) cancelled ||= isCancelled(fd, size);
      return cancelled;
    },
    release() {
      if (released) return;
      released = true;
      leave(path, fd);
    },
  };
}

/** A file that another program removed excludes no other process, so it counts as cancelled. */
function isCancelled(fd: number, sizeThen: number): boolean {
  const { size, nlink } = fs.fstatSync(fd);
  return size !== sizeThen || nlink === 0;
}

/**
 * Lets go of the file, and removes it if no other process uses it; otherwise the last of those does. Leaves
 * a newer file of that name alone.
 */
function leave(path: string, fd: number): void {
  try {
    if (!tryLock(fd, "exclusive", WHOLE) || statAt(path, fd) === undefined) return;
    fs.unlinkSync(path);
  } catch {
    // A file left behind is empty; the next process uses it again.
  } finally {
    fs.closeSync(fd);
  }
}

function busy(id: AttachmentId, path: string): IpamError {
  return new IpamError(
    "tryAgain",
    `another operation on ${describeAttachment(id)} is still under way`,
    `another kube-ipam process on this node holds the lock '${path}'; try again`,
  );
}

function removed(path: string): IpamError {
  return new IpamError(
    "tryAgain",
    `another program removed the lock '${path}' while kube-ipam waited for it`,
    "only kube-ipam may remove files below runDir; try again",
  );
}

function unlockable(path: string): IpamError {
  return new IpamError(
    "io",
    `cannot lock '${path}'`,
    "set 'runDir' to a folder on a local file system with open file description locks, such as tmpfs",
  );
}
