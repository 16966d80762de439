import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "./namespaces.ts";

const V1 = "/sys/fs/cgroup/memory";

/** A memory cgroup of the test's own; gone when its scope ends. */
export interface MemoryGroup extends Disposable {
  /** Put before a command, which runs in the group then. */
  readonly prefix: readonly string[];
  /** How many processes the kernel has killed for want of memory. */
  kills(): number;
}

/** Makes a memory cgroup of this many bytes, swap included where it is counted; version 1 or 2. */
export function makeMemoryGroup(bytes: number): MemoryGroup {
  const isV1 = existsSync(V1);
  const group = join(isV1 ? V1 : "/sys/fs/cgroup", uniqueName("g"));
  mkdirSync(group);
  if (isV1) {
    writeFileSync(join(group, "memory.limit_in_bytes"), String(bytes));
  } else {
    writeFileSync(join(group, "memory.max"), String(bytes));
    writeFileSync(join(group, "memory.swap.max"), "0");
  }
  const events = join(group, isV1 ? "memory.oom_control" : "memory.events");
  return {
    prefix: ["sh", "-c", `echo $$ > ${join(group, "cgroup.procs")}; exec "$@"`, "sh"],
    kills: () => Number(/oom_kill (\d+)/.exec(readFileSync(events, "utf8"))?.[1] ?? 0),
    [Symbol.dispose]: () => rmdirSync(group),
  };
}
