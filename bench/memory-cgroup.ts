import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

/**
 * Runs commands in a memory cgroup of their own, new each time, and answers its peak in MiB: what they add to the
 * machine together. Pages of files that were read before, such as those of a program, are not theirs.
 *
 * @param work is given what stands before each command.
 */
export async function peakMebibytes(work: (prefix: readonly string[]) => Promise<unknown>): Promise<number> {
  const isV1 = existsSync(`${V1}/cgroup.procs`);
  const folder = `${isV1 ? V1 : V2}/kube-ipam-bench-${process.pid}-${counter++}`;
  mkdirSync(folder);
  try {
    await work(["/bin/sh", "-c", `echo $$ >${folder}/cgroup.procs && exec "$0" "$@"`]);
    const peak = `${folder}/${isV1 ? "memory.max_usage_in_bytes" : "memory.peak"}`;
    return Number(readFileSync(peak, "utf8")) / (1 << 20);
  } finally {
    rmdirSync(folder);
  }
}

let counter = 0;
