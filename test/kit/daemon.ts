import { openSync, readFileSync } from "node:fs";
import type { Folder } from "./folder.ts";
import { sendSignal } from "./signal.ts";

/** One long-running program of a test, with its output in a file. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Whether it still runs. */
  running(): boolean;
  /** All that it has printed. */
  output(): string;
  /** The end of its output, for a failing test. */
  tail(): string;
  /** SIGTERM, then SIGKILL after `patience` milliseconds; resolves when it is gone. */
  stop(patience?: number): Promise<void>;
  /** After SIGSTOP it does nothing any more, from this call's return on. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a program; its output goes to `<folder>/<name>.log`. */
export function startDaemon(
  name: string,
  command: readonly string[],
  folder: Pick<Folder, "file">,
  env: Readonly<Record<string, string>> = {},
): Daemon {
  const path = folder.file(`${name}.log`);
  const log = openSync(path, "a");
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: log, stderr: log, env: { ...env } });
  const running = () => child.exitCode === null && child.signalCode === null;
  const output = () => readFileSync(path, "utf8");
  const signal = (kind: NodeJS.Signals) => sendSignal(child, kind);
  return {
    name,
    pid: child.pid,
    running,
    output,
    tail: () => output().split("\n").slice(-15).join("\n"),
    stop: async (patience = 3_000) => {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), patience);
      await child.exited;
      clearTimeout(timer);
    },
    signal,
  };
}
