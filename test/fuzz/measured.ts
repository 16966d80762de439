import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Finished, RunOptions } from "../kit/run.ts";

/** A finished process, and what it cost. */
export interface Measured extends Finished {
  readonly cpuMs: number;
  /** The most that it was seen to use, looked at every few milliseconds. */
  readonly memoryBytes: number;
}

/** What a process tells of itself at its end counts its parent's memory, too, of which it was forked. */
const LOOK_MS = 5;

/**
 * Runs the executable and says what that cost in time of the processor and in memory.
 *
 * @throws Error when it does not end within a minute.
 */
export async function measured(
  command: readonly string[],
  { env = {}, stdin = "" }: Pick<RunOptions, "env"> & { readonly stdin?: string },
): Promise<Measured> {
  const begin = performance.now();
  const child = Bun.spawn([...command], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    stdin: new TextEncoder().encode(stdin),
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let memoryBytes = 0;
  const timer = setInterval(() => {
    memoryBytes = Math.max(memoryBytes, mostMemoryOf(child.pid));
  }, LOOK_MS);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearInterval(timer);
  if (child.signalCode !== null) throw new Error(`ended by ${child.signalCode}: ${stderr.slice(0, 1000)}`);
  return {
    stdout,
    stderr,
    exitCode: child.exitCode,
    signal: null,
    milliseconds: performance.now() - begin,
    cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000,
    memoryBytes,
  };
}

/** VmHWM of proc(5); 0 for a process that has ended. */
function mostMemoryOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Bytes of all files below a folder, or of a file. */
export function bytesOf(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
