import { hostname } from "node:os";
import { daemonLog, endingSignal } from "../runtime/daemon.ts";
import { serveHealth } from "../runtime/serve-health.ts";
import type { ControllerContext } from "./context/context.ts";
import { type ContextOptions, openContext, waitForClusterNames } from "./context/open-context.ts";
import { Election, takePart } from "./leading/election.ts";
import { leaseOn } from "./leading/lease.ts";
import { serveHttps } from "./serving/serve-https.ts";
import { runTasks } from "./tasks/run-tasks.ts";

export interface ControllerOptions extends ContextOptions {
  /** host:port of health and metrics; absent: none. */
  readonly listen?: string;
  /** host:port of the HTTPS side; absent: none. */
  readonly listenTls?: string;
}

/**
 * The controller role: serves and takes part in the election until SIGTERM or SIGINT, then gives up
 * its Lease.
 *
 * @returns the exit code.
 * @throws IpamError when it cannot listen, or cannot use configuration or credentials.
 */
export async function runController({ listen, listenTls, ...options }: ControllerOptions): Promise<number> {
  const signal = endingAsSignal();
  const opened = await openContext(options);
  let unready: string | undefined = "starting";
  const { registry } = opened.metrics;
  const health = listen === undefined ? undefined : serveHealth({ listen, registry, unready: () => unready });
  try {
    const following = opened.pools.follow(opened.api, signal);
    const { cluster } = opened.ports;
    const clusterNames = await waitForClusterNames(cluster, (reason) => (unready = reason), signal);
    if (clusterNames === undefined) return 0;
    const context = { ...opened, ports: { ...opened.ports, clusterNames } };
    const ready = () => (unready = undefined);
    const https = listenTls === undefined ? ready() : serveHttps(listenTls, context, ready, signal);
    await Promise.all([https, elect(context, signal), following]);
    return 0;
  } finally {
    await health?.stop();
    await opened.ports.store.close();
  }
}

function endingAsSignal(): AbortSignal {
  const ending = new AbortController();
  void endingSignal().then((signal) => {
    daemonLog("info", "the controller ends", { signal });
    ending.abort();
  });
  return ending.signal;
}

function elect(context: ControllerContext, signal: AbortSignal): Promise<void> {
  const { api, log, metrics, namespace, service } = context;
  const lease = leaseOn(api, { namespace, name: service });
  const election = new Election(lease, `${hostname()}_${crypto.randomUUID()}`);
  const lead = async (term: AbortSignal) => {
    metrics.leader.set(1);
    term.addEventListener("abort", () => metrics.leader.set(0));
    await runTasks(context, term);
  };
  return takePart(election, lead, log, signal);
}
