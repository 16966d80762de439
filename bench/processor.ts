import { readFileSync } from "node:fs";

/** One of the kernel's clock ticks, in which it counts: 100 a second on every Linux for users. */
const TICK_MS = 10;
/** Of /proc/PID/stat, after the name: the state is the first field, these are user and system time. */
const [USER, SYSTEM] = [11, 12];

/** Processor time that a process has used so far, all its threads together, in milliseconds. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name may hold spaces, and ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return TICK_MS * (Number(fields[USER]) + Number(fields[SYSTEM]));
}
