import { writeSync } from "node:fs";
import type { Log } from "../ipam/ports.ts";
import { formatLine } from "../log/plugin-log.ts";
import { Lender } from "./lend-ports.ts";
import { serve } from "./serve.ts";

export const DEFAULT_SOCKET = "/run/kube-ipam/agent.sock";
/** Longer than a hand-over waits, shorter than systemd's patience. */
const DRAIN_MS = 25_000;

export interface AgentOptions {
  readonly socket: string;
  /** host:port of health and metrics; absent: none. */
  readonly listen?: string;
}

/**
 * The agent role: serves until SIGTERM or SIGINT, then lets the verbs under way end.
 *
 * @returns the exit code.
 * @throws IpamError when the socket cannot be had.
 */
export async function runAgent({ socket }: AgentOptions): Promise<number> {
  const lender = new Lender();
  const ended = endingSignal();
  const server = serve({ socket, lendPorts: lender.lend, log });
  log("info", "the agent serves", { socket });
  const signal = await ended;
  log("info", "the agent ends", { signal, busy: server.busy });
  await server.drain(DRAIN_MS);
  await lender.closeAll();
  return 0;
}

function endingSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  });
}

/** The daemon's own lines go where its supervisor reads them; verbs have their network's log. */
const log: Log = (level, message, fields = {}) => {
  if (level !== "debug") writeSync(2, formatLine(level, message, fields));
};
