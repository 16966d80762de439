import { parseNodeConfiguration } from "../config/parse/parse-node-configuration.ts";
import { cachedConfigurations } from "../runtime/cached-attachments.ts";
import { endingSignal, daemonLog as log } from "../runtime/daemon.ts";
import { readNodeFile } from "../runtime/node-file.ts";
import { serveHealth } from "../runtime/serve-health.ts";
import { isBegun } from "../store/kinds/begun.ts";
import { collectGarbageWhenQuiet } from "./collect-garbage.ts";
import { type Metrics, makeMetrics, observeVerb } from "./events/metrics.ts";
import { HostCredentials, type HostCredentialsOptions } from "./host-credentials.ts";
import { ReclaimLoop } from "./reclaim-loop.ts";
import { missingNamespaceFolder } from "./socket/namespace-visibility.ts";
import { type Server, serve } from "./socket/serve.ts";
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
export async function runAgent(options: AgentOptions): Promise<number> {
  const ended = endingSignal();
  const agent = startAgent(options);
  log("info", "the agent serves", { socket: options.socket });
  const signal = await ended;
  log("info", "the agent ends", { signal, busy: agent.server.busy });
  await agent.stop();
  return 0;
}

interface Agent {
  readonly server: Server;
  /** Resolves when running verbs have ended and everything is closed. */
  stop(): Promise<void>;
}

function startAgent({ socket, listen, host = {} }: AgentOptions): Agent {
  const metrics = makeMetrics();
  const lender = openLender(metrics, host);
  const state = { served: 0, stopping: false };
  // Nothing is served before all that the options ask for is there.
  const claimed = claimSocket(socket);
  const unready = () => unreadyReason(state.stopping);
  const { registry } = metrics;
  const health = listen === undefined ? undefined : serveHealth({ listen, registry, unready });
  const server = serve({
    socket: claimed,
    lendPorts: lender.lend,
    clusterPools: lender.pools.for,
    log,
    observe: (command, outcome, milliseconds) => {
      state.served += 1;
      observeVerb(metrics, command, outcome, milliseconds);
    },
    changed: (busy) => metrics.busy.set(busy),
  });
  const stopBackground = startBackground(lender, metrics, host, { served: () => state.served, server });
  return {
    server,
    stop: async () => {
      state.stopping = true;
      await Promise.all([server.drain(DRAIN_MS), stopBackground()]);
      await health?.stop();
      await lender.closeAll();
    },
  };
}

function openLender(metrics: Metrics, host: HostCredentialsOptions): Lender {
  const lender = new Lender(metrics, log, host.kubeconfig);
  const { dataDir } = parseNodeConfiguration(readNodeFile()).node;
  metrics.keptReleases(() => lender.keptReleases(dataDir));
  learnNodeFile(lender);
  learnFromRuntime(lender);
  lender.beginClusters();
  return lender;
}

function unreadyReason(stopping: boolean): string | undefined {
  if (stopping) return "the agent is shutting down";
  const missing = missingNamespaceFolder();
  return missing && `the agent sees no network namespaces: ${missing} is not mounted from the host`;
}

/** What the agent does between verbs. @returns what ends it, after the rounds under way. */
function startBackground(
  lender: Lender,
  metrics: Metrics,
  host: HostCredentialsOptions,
  { served, server }: { readonly served: () => number; readonly server: Server },
): () => Promise<void> {
  const reclaiming = new ReclaimLoop(lender, metrics, log);
  const credentials = new HostCredentials(host, log);
  reclaiming.start();
  credentials.start();
  const stopCollecting = collectGarbageWhenQuiet(served, () => server.busy);
  return async () => {
    stopCollecting();
    await Promise.all([reclaiming.stop(), credentials.stop()]);
  };
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
  const file = lender.nodeFile();
  if (file === undefined) return;
  learn(lender, parseNodeConfiguration(file));
}

/** A store that does not exist yet is left to the first ADD. */
function learn(lender: Lender, configuration: Parameters<Lender["learn"]>[0]): void {
  if (isBegun(configuration.store)) lender.learn(configuration);
}
