import { readFileSync, writeSync } from "node:fs";
import { handle } from "./cni/handle.ts";
import { IpamError } from "./ipam/errors.ts";
import type { Log } from "./ipam/ports.ts";
import { pluginLog } from "./log/plugin-log.ts";
import { logVerb } from "./log/verb-line.ts";
import { readNodeFile } from "./runtime/node-file.ts";
import { openPorts } from "./runtime/open-ports.ts";

const STDOUT = 1;

/** The plugin role: one request from the environment and stdin, its answer on stdout; the exit code. */
export async function runPlugin(): Promise<number> {
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => ending.abort());
  const pending: Parameters<Log>[] = [];
  let log: Log = (...line) => void pending.push(line);
  const env = process.env;
  const outcome = await handle(
    { env, stdin: readStdin, started: 0 },
    {
      nodeFile: readNodeFile,
      openPorts: (request) => {
        log = pluginLog(request.configuration.node);
        for (const warning of request.configuration.warnings) log("warn", warning);
        return openPorts(request, log);
      },
      deliver: print,
      ending: ending.signal,
    },
  );
  if (env.CNI_COMMAND !== "VERSION") {
    const settings = outcome.request?.configuration.node ?? {
      logFile: "/var/log/kube-ipam.log",
      logLevel: "info",
    };
    logVerb(pluginLog(settings), env, outcome, performance.now());
  }
  return outcome.exitCode;
}

/** @throws IpamError io. */
function readStdin(): string {
  try {
    return readFileSync(0, "utf8");
  } catch (failure) {
    throw new IpamError(
      "io",
      `stdin cannot be read: ${failure instanceof Error ? failure.message : failure}`,
    );
  }
}

/** Writes all of it, or throws (EPIPE: the runtime is gone). Touching process.stdout costs 17 ms. */
function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(STDOUT, bytes, written);
}
