import { writeSync } from "node:fs";
import type { Log } from "../ipam/ports.ts";
import { formatLine } from "../log/plugin-log.ts";

/** Resolves with the signal by which a supervisor, or a terminal that closes, asks a daemon to end. */
export function endingSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}

/** A daemon's own lines go where its supervisor reads them; verbs have their network's log. */
export const daemonLog: Log = (level, message, fields = {}) => {
  if (level !== "debug") writeSync(2, formatLine(level, message, fields));
};

/** Prints why a daemon could not start or go on. */
export function printDaemonFailure(command: string, failure: unknown): void {
  console.error(`${command}: ${describe(failure)}`);
}

function describe(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const details = "details" in failure ? String(failure.details) : "";
  return details === "" ? failure.message : `${failure.message}: ${details}`;
}
