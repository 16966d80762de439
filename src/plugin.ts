import { writeSync } from "node:fs";
import { handle } from "./cni/handle.ts";
import { logVerb } from "./cni/verb-line.ts";
import type { Log } from "./ipam/ports.ts";
import { pluginLog } from "./log/plugin-log.ts";
import { clusterPoolsFor } from "./runtime/cluster-pools.ts";
import { fallbackLogSettings } from "./runtime/log-settings.ts";
import { readNodeFile } from "./runtime/node-file.ts";
import { COLD, type Openers, openPorts } from "./runtime/open-ports.ts";
import { readStdin } from "./runtime/stdin.ts";

const STDOUT = 1;

/** The plugin role: one request from the environment and stdin, its answer on stdout; the exit code. */
export async function runPlugin(): Promise<number> {
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => ending.abort());
  const pending: Parameters<Log>[] = [];
  let log: Log = (...line) => void pending.push(line);
  const env = process.env;
  let stdin = "";
  const outcome = await handle(
    {
      env,
      stdin: async (end) => {
        const input = await readStdin(end);
        stdin = input.text;
        return input;
      },
      started: 0,
    },
    {
      nodeFile: readNodeFile,
      clusterPools: clusterPoolsFor,
      openPorts: async (request, adding) => {
        log = pluginLog(request.configuration.node);
        for (const warning of request.configuration.warnings) log("warn", warning);
        return openPorts(request, log, await openersFor(env.KUBE_IPAM_PLACE), adding);
      },
      deliver: print,
      ending: ending.signal,
    },
  );
  if (env.CNI_COMMAND !== "VERSION") {
    const settings = outcome.request?.configuration.node ?? fallbackLogSettings(readNodeFile, stdin);
    logVerb(pluginLog(settings), env, outcome, performance.now());
  }
  return outcome.exitCode;
}

/** Behind the shim few complete plugins work at once: one that only waits leaves its place to another. */
async function openersFor(passedOn: string | undefined): Promise<Openers> {
  if (passedOn === undefined) return COLD;
  const { passedOnPlace } = await import("./node/place.ts");
  const place = passedOnPlace(passedOn);
  if (place === undefined) return COLD;
  const { leavePlace } = await import("./runtime/leave-place.ts");
  return leavePlace(COLD, place);
}

/** Writes all of it, or throws (EPIPE: the runtime is gone). Touching process.stdout costs 17 ms. */
function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(STDOUT, bytes, written);
}
