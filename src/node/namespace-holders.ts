import fs from "node:fs";
import { BoundedMap } from "../ipam/bounded-map.ts";
import { codeOf } from "./files.ts";

/** Fixed numbers of the kernel's first namespaces (Linux <linux/nsfs.h>). */
const FIRST = { pid: "pid:[4026531836]", user: "user:[4026531837]" } as const;
/** Linux <linux/capability.h>, CAP_SYS_PTRACE: with it no process is hidden. */
const SEES_ALL = 1n << 19n;
/** A search gives up after so long: what it then knows is not enough. */
const MOST_MS = 2_000;
/** Processes start others while they are looked at. */
const MOST_ROUNDS = 8;
/** How long a namespace that was held counts as held, in milliseconds. The other answer is never kept. */
const HELD_MS = 10_000;

/** Until when each of them counts as held; who is forgotten is looked for again. */
const held = new BoundedMap<string, number>(1_024);

/**
 * Whether anything on this kernel holds a network namespace: a process or thread in it, a mount of it in some
 * mount namespace, or an open file. Looks twice before it says no. Numbers are used again, so that "held" may
 * be another namespace of that number.
 *
 * @returns undefined where not everything can be seen: in a container, without root's rights, or in time. Never throws.
 */
export function isNamespaceHeld(inode: string, proc = "/proc"): boolean | undefined {
  if (performance.now() < (held.get(inode) ?? 0)) return true;
  try {
    if (!seesEverything(proc)) return undefined;
    const until = performance.now() + MOST_MS;
    const found = search(inode, proc, until) || search(inode, proc, until);
    if (found) held.set(inode, performance.now() + HELD_MS);
    return found;
  } catch {
    return undefined;
  }
}

/** In the kernel's first namespaces, with the right to look at all processes, none is hidden. */
function seesEverything(proc: string): boolean {
  const [, effective = "0"] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(fs.readFileSync(`${proc}/self/status`, "utf8")) ?? [];
  if ((BigInt(`0x${effective}`) & SEES_ALL) === 0n) return false;
  return Object.entries(FIRST).every(([kind, first]) => fs.readlinkSync(`${proc}/self/ns/${kind}`) === first);
}

/** One look at all processes, and at those that they start meanwhile. Throws where something stays unseen. */
function search(inode: string, proc: string, until: number): boolean {
  const name = `net:[${inode}]`;
  const [processes, threads, views] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let found = 0;
    for (const id of fs.readdirSync(proc).filter(isNumber)) {
      for (const thread of listed(`${proc}/${id}/task`)) {
        if (threads.has(`${id}/${thread}`)) continue;
        threads.add(`${id}/${thread}`);
        found++;
        if (performance.now() > until) throw new Error("there are too many processes to look at in time");
        if (isIn(`${proc}/${id}/task/${thread}`, name, id, views)) return true;
      }
      if (processes.has(id)) continue;
      processes.add(id);
      if (listed(`${proc}/${id}/fd`, id).some((file) => isOpen(proc, id, file, inode))) return true;
    }
    if (found === 0) return false;
  }
  throw new Error("new processes kept coming");
}

/** Whether a thread is in the namespace, or sees a mount of it. */
function isIn(path: string, name: string, id: string, views: Set<string>): boolean {
  if (link(`${path}/ns/net`, id) === name) return true;
  const root = link(`${path}/root`, id);
  const view = `${link(`${path}/ns/mnt`, id)} ${root}`;
  // Of what it may not look at, the first process shows its mounts nevertheless.
  if (root !== undefined && views.has(view)) return false;
  views.add(view);
  return unlessEnded(() => fs.readFileSync(`${path}/mountinfo`, "utf8"))?.includes(` ${name} `) === true;
}

/**
 * Whether an open file may be the namespace. The link of one that was opened at its mount shows that path; the
 * number is told since Linux 5.14. To ask the file itself could wait for a server that is away.
 */
function isOpen(proc: string, id: string, file: string, inode: string): boolean {
  const target = link(`${proc}/${id}/fd/${file}`, id);
  if (target === undefined) return false;
  if (!target.startsWith("/")) return target === `net:[${inode}]`;
  const told = unlessEnded(() => fs.readFileSync(`${proc}/${id}/fdinfo/${file}`, "utf8"));
  if (told === undefined) return false;
  const [, number] = /^ino:\s*(\d+)$/m.exec(told) ?? [];
  if (number === undefined) throw new Error("this kernel does not tell which files are open");
  return number === inode;
}

function isNumber(name: string): boolean {
  return /^\d+$/.test(name);
}

/** Empty where the process has ended. */
function listed(folder: string, id?: string): string[] {
  return unlessEnded(() => fs.readdirSync(folder), id) ?? [];
}

function link(path: string, id: string): string | undefined {
  return unlessEnded(() => fs.readlinkSync(path), id);
}

/**
 * Undefined where the process has ended. Some machines let nobody look at their first process; it started
 * everything else, and is in no pod's namespace.
 */
function unlessEnded<T>(look: () => T, id?: string): T | undefined {
  try {
    return look();
  } catch (cause) {
    const code = codeOf(cause);
    if (ENDED.includes(code) || (id === "1" && REFUSED.includes(code))) return undefined;
    throw cause;
  }
}

const ENDED: readonly string[] = ["ENOENT", "ESRCH", "EINVAL"];
const REFUSED: readonly string[] = ["EACCES", "EPERM"];
