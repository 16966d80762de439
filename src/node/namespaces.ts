import fs from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import type { NamespaceState } from "../ipam/node-port.ts";
import type { NamespaceId } from "../ipam/records.ts";
import { codeOf, isAbsent } from "./files.ts";

/**
 * Identifies the network namespace at `path`; undefined where nothing is there. Device and inode are given
 * only where a namespace is mounted at this very path, because only then can a later look prove that it is
 * gone. A /proc path or any other link is not such a mount. Never throws.
 */
export function identifyNamespace(path: string): NamespaceId | undefined {
  const seen = observe(path);
  if (seen?.mounted === undefined && !exists(path)) return undefined;
  const mountNamespace = ownMountNamespace();
  return {
    path,
    ...(seen?.mounted && { device: seen.mounted.device, inode: seen.mounted.inode, folder: seen.folder }),
    ...(mountNamespace !== undefined && { mountNamespace }),
  };
}

/**
 * Whether the path of a namespace that was recorded in this boot shows that it still lives (docs/design.md
 * section 4, "Namespace gone"). Anything uncertain is "unknown", because a wrong "gone" gives one address to two pods. Never throws.
 *
 * Two observations are proof. In any mount namespace: the very folder that held the mount no
 * longer has an entry of that name, because removing it unmounts the namespace everywhere. In the host's
 * own mount namespace, if the namespace was seen there: something else is at the path.
 * A container's view alone proves nothing: without mount propagation it shows an empty file where
 * the host has a living namespace, and it goes on showing others that it inherited.
 */
export function lookAtNamespace(recorded: NamespaceId): NamespaceState {
  const { path, device, inode, folder } = recorded;
  if (device === undefined || inode === undefined) return "unknown";
  if (isStillThere(path, device, inode)) return "present";
  const seen = observe(path);
  if (seen === undefined) return "unknown";
  if (seen.mounted?.device === device && seen.mounted.inode === inode) return "present";
  if (seen.folder !== folder) return "unknown";
  if (seen.absent) return "gone";
  return isHostView(recorded.mountNamespace) ? "gone" : "unknown";
}

/** The most common answer in one system call. */
function isStillThere(path: string, device: string, inode: string): boolean {
  try {
    const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && String(stats.ino) === inode && String(stats.dev) === device;
  } catch {
    return false;
  }
}

interface Observation {
  /** "device:inode" of the folder that holds the path. */
  readonly folder: string;
  readonly absent: boolean;
  /** The namespace mounted at the path, if one is. */
  readonly mounted?: { readonly device: string; readonly inode: string };
}

/**
 * Looks at a path through its opened folder, so that both are seen in the same place whatever is
 * mounted over it meanwhile. Undefined when it cannot be seen.
 */
function observe(path: string): Observation | undefined {
  const name = basename(path);
  if (!isAbsolute(path) || name === "" || name === "." || name === "..") return undefined;
  try {
    const fd = fs.openSync(dirname(path), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      return observeIn(fd, name);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function observeIn(fd: number, name: string): Observation {
  const { dev, ino } = fs.fstatSync(fd, { bigint: true });
  const folder = `${dev}:${ino}`;
  const file = lstat(`/proc/self/fd/${fd}`, name);
  if (file === undefined) return { folder, absent: true };
  if (file.dev !== namespaceDevice()) return { folder, absent: false };
  return { folder, absent: false, mounted: { device: String(file.dev), inode: String(file.ino) } };
}

/** Undefined for a name that is not in the folder; throws where the folder itself cannot be reached. */
function lstat(folder: string, name: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(`${folder}/${name}`, { bigint: true });
  } catch (cause) {
    if (!isAbsent(cause)) throw cause;
    fs.statSync(folder);
    return undefined;
  }
}

let nsfs: bigint | undefined;

/** All namespaces of a kernel are files on one device (nsfs). */
function namespaceDevice(): bigint {
  nsfs ??= fs.statSync("/proc/self/ns/net", { bigint: true }).dev;
  return nsfs;
}

function exists(path: string): boolean {
  try {
    fs.statSync(path);
    return true;
  } catch (cause) {
    return !isAbsent(cause) && codeOf(cause) !== "ENOTDIR";
  }
}

/**
 * Fixed numbers of the kernel's first namespaces (Linux <linux/nsfs.h>, PID_NS_INIT_INO and, since
 * 6.17, MNT_NS_INIT_INO); no other namespace ever has one of them.
 */
const INITIAL_PROCESS_NAMESPACE = "4026531836";
const INITIAL_MOUNT_NAMESPACE = "4026531832";

/**
 * Whether both this process and the recording one run in the host's own mount namespace: the kernel's
 * first, or that of its first process. That one lives as long as the boot; the number of any other may have
 * belonged to a dead one before.
 */
function isHostView(mountNamespace: string | undefined): boolean {
  if (mountNamespace === undefined || ownMountNamespace() !== mountNamespace) return false;
  if (mountNamespace === INITIAL_MOUNT_NAMESPACE) return true;
  return (
    namespaceNumber("self/ns/pid") === INITIAL_PROCESS_NAMESPACE &&
    namespaceNumber("1/ns/mnt") === mountNamespace
  );
}

/** Whether this process certainly runs in the host's own mount namespace. Never throws. */
export function looksFromHost(): boolean {
  return isHostView(ownMountNamespace());
}

let mine: string | undefined;

/** Read once, because no process of kube-ipam enters another mount namespace. */
function ownMountNamespace(): string | undefined {
  mine ??= namespaceNumber("self/ns/mnt");
  return mine;
}

function namespaceNumber(link: string): string | undefined {
  try {
    return /\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${link}`))?.[1];
  } catch {
    return undefined;
  }
}
