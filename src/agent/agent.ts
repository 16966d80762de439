import { parseNodeConfiguration } from "../config/parse/parse-node-configuration.ts";
import { cachedConfigurations } from "../runtime/cached-attachments.ts";
import { endingSignal, daemonLog as log } from "../runtime/daemon.ts";
import { readNodeFile } from "../runtime/node-file.ts";
import { serveHealth } from "../runtime/serve-health.ts";
import { isBegun } from "../store/kinds/begun.ts";
import { collectGarbageWhenQuiet } from "./collect-garbage.ts";
import { makeMetrics, observeVerb } from "./events/metrics.ts";
import { HostCredentials, type HostCredentialsOptions } from "./host-credentials.ts";
import { ReclaimLoop } from "./reclaim-loop.ts";
import { missingNamespaceFolder } from "./socket/namespace-visibility.ts";
import { serve } from "./socket/serve.ts";
import { claimSocket } from "./socket/socket.ts";
import { Lender } from "./warm/lend-ports.ts";

/** Longer than a hand-over waits, shorter than systemd's stop timeout. */
const DRAIN_MS = 25_000;

export interface AgentOptions {
  readonly socket: string;
  /** host:port of health and metrics; absent: none. */
  readonly listen?: string;
  readonly host?: HostCredentialsOptions;
}

/**
 * The agent role: serves until SIGTERM, SIGINT or SIGHUP, then lets the running verbs end.
 *
 * @returns the exit code.
 * @throws IpamError when it cannot claim the socket or the port, or the node's file is wrong.
 */
export async function runAgent({ socket, listen, host = {} }: AgentOptions): Promise<number> {
  const ended = endingSignal();
  const metrics = makeMetrics();
  const lender = new Lender(metrics, log, host.kubeconfig);
  const { dataDir } = parseNodeConfiguration(readNodeFile()).node;
  metrics.keptReleases(() => lender.keptReleases(dataDir));
  learnNodeFile(lender);
  learnFromRuntime(lender);
  let draining = false;
  let served = 0;
  // Nothing is served before all that the options ask for is there.
  const claimed = claimSocket(socket);
  const unready = () => {
    if (draining) return "the agent is shutting down";
    const missing = missingNamespaceFolder();
    return missing && `the agent sees no network namespaces: ${missing} is not mounted from the host`;
  };
  const health =
    listen === undefined ? undefined : serveHealth({ listen, registry: metrics.registry, unready });
  const server = serve({
    socket: claimed,
    lendPorts: lender.lend,
    log,
    observe: (command, outcome, milliseconds) => {
      served += 1;
      observeVerb(metrics, command, outcome, milliseconds);
    },
    changed: (busy) => metrics.busy.set(busy),
  });
  const reclaiming = new ReclaimLoop(lender, metrics, log);
  reclaiming.start();
  const credentials = new HostCredentials(host, log);
  credentials.start();
  const stopCollecting = collectGarbageWhenQuiet(
    () => served,
    () => server.busy,
  );
  log("info", "the agent serves", { socket });
  const signal = await ended;
  draining = true;
  stopCollecting();
  log("info", "the agent ends", { signal, busy: server.busy });
  await Promise.all([server.drain(DRAIN_MS), reclaiming.stop(), credentials.stop()]);
  await health?.stop();
  await lender.closeAll();
  return 0;
}

/** After an upgrade or a crash the agent goes on with the networks of the attachments that exist. */
function learnFromRuntime(lender: Lender): void {
  const file = readNodeFile();
  const { cniCacheDir } = parseNodeConfiguration(file).node;
  try {
    for (const configuration of cachedConfigurations(cniCacheDir)) learn(lender, configuration);
  } catch (failure) {
    log("warn", "cannot read the runtime's CNI cache", { reason: String(failure) });
  }
}

/** With a store in the node's file the agent works before the first verb comes. */
function learnNodeFile(lender: Lender): void {
  const file = readNodeFile();
  if (file === undefined) return;
  learn(lender, parseNodeConfiguration(file));
}

/** A store that nobody has begun yet is left to the first ADD. */
function learn(lender: Lender, configuration: Parameters<Lender["learn"]>[0]): void {
  if (isBegun(configuration.store)) lender.learn(configuration);
}
