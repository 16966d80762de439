import { writeSync } from "node:fs";
import { visibleLine } from "../address/visible.ts";
import { inFull } from "../ipam/errors.ts";
import type { Log } from "../ipam/ports.ts";
import { formatLine } from "../log/plugin-log.ts";

/** Resolves with the signal that asks a daemon to end: SIGTERM, SIGINT, or SIGHUP of a closed terminal. */
export function endingSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}

/** Logs a daemon's own lines to stderr, for its supervisor; verbs log to their network's file. */
export const daemonLog: Log = (level, message, fields = {}) => {
  if (level !== "debug") writeSync(2, formatLine(level, message, fields));
};

/** Prints on stderr why a daemon could not start or go on. */
export function printDaemonFailure(command: string, failure: unknown): void {
  console.error(visibleLine(`${command}: ${inFull(failure)}`));
}
