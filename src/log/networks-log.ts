import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { basename, dirname } from "node:path";
import { visibleLine } from "../address/visible.ts";
import { realPathOf } from "../files/open-file.ts";
import { openFolder } from "../files/open-folder.ts";
import { isOthersPlace, isSystemPlace } from "../files/others-places.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } = constants;

/** The process's own streams, and nowhere. */
const STREAMS = /^\/(dev\/(null|stderr|stdout|fd\/[12])|proc\/self\/fd\/[12])$/;

/** What every line of ours begins with. */
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARN|ERROR) /;
const BEGINNING = 40;

/** Where logs and temporary files lie, nothing is read as a program or a configuration. */
const FOLDERS = /^\/(var\/log|(var\/)?tmp)\//;
/** Elsewhere the name of a new file must say that it is a log, and can have no other meaning. */
const NAME = /(^|[-_.])log([-_][\w-]*)?$/;

/** A file that a network names as its log, and that is none. */
export class NoLog extends Error {}

/**
 * Opens a log that somebody without rights on this node has named: root's lines must not become part of
 * another file (/etc/passwd), nor a file that some program obeys (/etc/profile.d/x.sh).
 *
 * @returns a descriptor to append with.
 * @throws NoLog, or Error of node:fs.
 */
export function openNetworksLog(file: string): number {
  if (STREAMS.test(file)) return openSync(file, O_WRONLY | O_APPEND | O_NONBLOCK);
  return openExisting(file) ?? openNew(file) ?? openExisting(file) ?? refuse(file, "it comes and goes");
}

function openExisting(file: string): number | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  // Some devices do something once they are opened.
  if (!found.isFile()) return refuse(file, "it is no regular file");
  return checked(openSync(file, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK), (descriptor) => {
    const { nlink, size } = fstatSync(descriptor);
    if (nlink !== 1) refuse(file, "it has further names");
    const real = realPathOf(descriptor);
    if (isOthersPlace(real)) refuse(file, "containers write there");
    // Some programs obey a file that somebody has only emptied, or not yet filled.
    if (size === 0) requireLogsName(real, file);
    else if (!LINE.test(beginningOf(descriptor))) refuse(file, "it does not begin as a log of kube-ipam's");
  });
}

/** Undefined where somebody else was quicker. */
function openNew(file: string): number | undefined {
  const name = basename(file);
  const folder = openFolder(dirname(file), (real) => {
    if (isOthersPlace(real)) refuse(file, "containers write there");
    requireLogsName(`${real}/${name}`, file);
  });
  try {
    const flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW;
    return openSync(`/proc/self/fd/${folder}/${name}`, flags, 0o640);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw failure;
  } finally {
    closeSync(folder);
  }
}

/** Whether a new file of this path can only be a log. */
export function isLogsName(path: string): boolean {
  return FOLDERS.test(path) || (NAME.test(basename(path)) && !isSystemPlace(path));
}

function requireLogsName(path: string, file: string): void {
  if (isLogsName(path)) return;
  refuse(
    file,
    "a new or empty one is called …log and not in /etc or among programs, or lies in /var/log or /tmp",
  );
}

function checked(descriptor: number, check: (descriptor: number) => void): number {
  try {
    check(descriptor);
    return descriptor;
  } catch (failure) {
    closeSync(descriptor);
    throw failure;
  }
}

function beginningOf(descriptor: number): string {
  const bytes = new Uint8Array(BEGINNING);
  return new TextDecoder().decode(bytes.subarray(0, readSync(descriptor, bytes, 0, BEGINNING, 0)));
}

function refuse(file: string, why: string): never {
  throw new NoLog(
    `a network names the log '${visibleLine(file)}', and kube-ipam does not write there: ${why}; ` +
      "without the node's file a network may name logs of its own only",
  );
}
