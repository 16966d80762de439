import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import type { Folder } from "./folder.ts";
import { tool } from "./run.ts";

/** A command that runs scripts/own-machine.sh sooner or later, in a process group of its own, as at a terminal. */
export interface WatchedRun {
  /** All that it has said. */
  output(): string;
  /** To the whole group, as Ctrl-C at a terminal; "leader" only: as `kill`. */
  signal(name: NodeJS.Signals, whom?: "group" | "leader"): void;
  /** Waits for its end; gives its exit code, null where a signal ended it. */
  ended(): Promise<number | null>;
  /** How many processes of it have been seen. */
  seen(): number;
  /** What is there of it after its end: processes, mounts, folders, cgroups, links; each in words. */
  traces(): Promise<string[]>;
}

const SEEN_EVERY_MS = 100;
const PATH = process.env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Starts it with a temporary folder of its own below `folder`, and follows what processes it starts. */
export function runWatched(
  command: readonly string[],
  folder: Folder,
  env: Readonly<Record<string, string>> = {},
): WatchedRun {
  const temporary = folder.file("tmp");
  mkdirSync(temporary);
  const log = Bun.file(folder.file("output"));
  const child = Bun.spawn(["setsid", ...command], {
    env: { PATH, HOME: process.env.HOME ?? "/root", ...env, TMPDIR: temporary },
    stdin: "ignore",
    stdout: log,
    stderr: log,
  });
  const seen = new Map<number, string>();
  const timer = setInterval(() => {
    for (const pid of descendants(child.pid)) seen.set(pid, startOf(pid));
  }, SEEN_EVERY_MS);
  return {
    output: () => readFileSync(folder.file("output"), "utf8"),
    signal: (name, whom = "group") => process.kill(whom === "group" ? -child.pid : child.pid, name),
    ended: async () => {
      await child.exited;
      clearInterval(timer);
      return child.exitCode;
    },
    seen: () => seen.size,
    traces: async () => [
      ...[...seen]
        .filter(([pid, start]) => start !== "" && startOf(pid) === start)
        .map(([pid]) => `process ${pid}`),
      ...readdirSync(temporary).map((name) => `folder ${name}`),
      ...mounts().filter((path) => path.startsWith(temporary)),
      ...cgroups().filter((name) => seen.has(Number(/^kube-ipam-(\d+)/.exec(name)?.[1]))),
      ...((await tool("ip", "-o", "link")).match(/\bki-\w+/g) ?? []),
    ],
  };
}

/** Children, and theirs; those of a process that has ended belong to the first one of their machine. */
function descendants(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    const words = read(`/proc/${pid}/task/${pid}/children`).trim();
    if (words !== "") found.push(...words.split(" ").map(Number));
  }
  return found;
}

/** Numbers are given out again: a process is its number and when it began. "" when it is gone. */
function startOf(pid: number): string {
  const [, rest = ""] = read(`/proc/${pid}/stat`).split(") ");
  const fields = rest.split(" ");
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}

function mounts(): string[] {
  return read("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
}

function cgroups(): string[] {
  const root = "/sys/fs/cgroup";
  if (!existsSync(root)) return [];
  const top = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return top.flatMap(({ name }) => [name, ...readdirSync(`${root}/${name}`)]);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended.
    return "";
  }
}
