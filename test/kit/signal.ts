import { readdirSync, readFileSync } from "node:fs";

/**
 * Sends a signal to a program, unless it has ended already.
 * A program that is told to stop is stopped when this returns: the kernel stops each thread
 * only where it next leaves for user space, and a server's other threads may answer until then.
 */
export function sendSignal(program: Bun.Subprocess, name: NodeJS.Signals): void {
  if (program.exitCode !== null || program.signalCode !== null) return;
  program.kill(name);
  if (name === "SIGSTOP") untilStopped(program.pid);
}

const PATIENCE_MS = 5_000;

function untilStopped(pid: number): void {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isStopped(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} does not stop`);
    Bun.sleepSync(1);
  }
}

/** proc(5): the state of a thread stands behind its name, which may hold blanks and parentheses. */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}
