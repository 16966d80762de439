import { readFileSync } from "node:fs";

/** What one whole process took. */
export interface Measured {
  readonly seconds: number;
  /** Seconds of processor time, of user and kernel. */
  readonly cpu: number;
  /** Peak of resident memory, with the pages of the executable. */
  readonly peakMiB: number;
  /** What it printed on stdout. */
  readonly stdoutBytes: number;
  readonly exitCode: number;
  readonly stderr: string;
}

const EVERY_MS = 5;

/** Runs a program to its end, and counts its output instead of keeping it. `keep` writes that into a file. */
export async function measure(
  command: readonly string[],
  { env, keep }: { readonly env: Readonly<Record<string, string>>; readonly keep?: string },
): Promise<Measured> {
  const begin = performance.now();
  const child = Bun.spawn([...command], { env: { ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  // getrusage would count what this process had when it forked.
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, peakOf(child.pid))), EVERY_MS);
  const [stdoutBytes, stderr] = await Promise.all([
    drained(child.stdout, keep),
    child.stderr.text(),
    child.exited,
  ]);
  clearInterval(timer);
  return {
    seconds: (performance.now() - begin) / 1000,
    cpu: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000_000,
    peakMiB: Math.round(peak / 1024),
    stdoutBytes,
    exitCode: child.exitCode ?? -1,
    stderr,
  };
}

async function drained(stream: ReadableStream<Uint8Array>, keep: string | undefined): Promise<number> {
  const sink = keep === undefined ? undefined : Bun.file(keep).writer();
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    sink?.write(chunk);
  }
  await sink?.end();
  return bytes;
}

/** KiB; 0 once the process is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
