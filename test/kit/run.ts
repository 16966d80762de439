/** One finished process: what it printed, how it ended, how long it took. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Milliseconds from spawn to exit. */
  readonly milliseconds: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** `unended`: this text comes, and nothing after it while the process lives. */
  readonly stdin?: string | Uint8Array | "closed" | "never-ends" | { readonly unended: string };
  /** Milliseconds after which the process is killed and the run fails; default 60,000. */
  readonly limit?: number;
  /** Put before the command: a tracer, another namespace, a cgroup. */
  readonly prefix?: readonly string[];
  /** Called with the process ID as soon as it runs. */
  readonly started?: (process: Running) => void;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
}

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Runs a program with exactly the given environment (plus PATH) and waits for its end.
 * Rejects when it outlives `limit`: a verb without an end is a failure of its own.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const begin = performance.now();
  const child = Bun.spawn([...(options.prefix ?? []), ...command], {
    env: { PATH: SYSTEM_PATH, ...options.env },
    stdin: stdinOf(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  if (typeof options.stdin === "object" && "unended" in options.stdin && typeof child.stdin === "object") {
    child.stdin.write(options.stdin.unended);
    child.stdin.flush();
  }
  options.started?.({ pid: child.pid, kill: (signal) => child.kill(signal) });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, options.limit ?? 60_000);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  if (late) throw new Error(`${command.join(" ")} did not end within ${options.limit ?? 60_000} ms`);
  return {
    stdout,
    stderr,
    exitCode: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
    milliseconds: performance.now() - begin,
  };
}

/** Runs a tool of the test itself (ip, ctr, mount, …); throws with its stderr when it fails. */
export async function tool(...command: string[]): Promise<string> {
  const finished = await run(command);
  if (finished.exitCode !== 0) {
    throw new Error(`${command.join(" ")} ended with ${finished.exitCode}: ${finished.stderr.trim()}`);
  }
  return finished.stdout;
}

function stdinOf(stdin: RunOptions["stdin"]): Uint8Array | "ignore" | "pipe" {
  if (stdin === undefined || stdin === "closed") return "ignore";
  if (stdin === "never-ends" || (typeof stdin === "object" && "unended" in stdin)) return "pipe";
  return typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
}
