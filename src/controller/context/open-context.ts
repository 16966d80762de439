import { existsSync, readFileSync } from "node:fs";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { ClusterNames } from "../../ipam/cluster-names.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { pause } from "../../ipam/pause.ts";
import type { ClusterPorts } from "../../ipam/ports.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { MOUNTED } from "../../kubernetes/credentials/service-account.ts";
import { clusterOn } from "../../kubernetes/ports/open-cluster.ts";
import { followingOn, inventoryOn } from "../../kubernetes/ports/open-inventory.ts";
import { daemonLog as log } from "../../runtime/daemon.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { AdmissionClients } from "./admission-clients.ts";
import type { ControllerContext } from "./context.ts";
import { FrontProxy } from "./front-proxy.ts";
import { makeMetrics } from "./metrics.ts";
import { noNode } from "./no-node.ts";
import { ControllerPools } from "./pools.ts";

export interface ContextOptions {
  /** File in the node's format; absent: the node's own. */
  readonly config?: string;
  /** Absent: what the file says, else the service account of the own pod. */
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly service: string;
  /** File with the authorities whose clients may ask for admission; absent: everybody may. */
  readonly admissionClientCa?: string;
  /** Seconds between the leader's rounds. */
  readonly interval: number;
}

/** All but what the cluster is called, for which Kubernetes may not answer yet. */
export interface OpenedContext extends Omit<ControllerContext, "ports"> {
  readonly ports: Omit<ClusterPorts, "clusterNames">;
}

const OWN_NAMESPACE = `${MOUNTED}/namespace`;
/** For the pools of a cluster whose controller has its settings elsewhere. */
const NO_FILE = { path: "the controller's configuration", text: "{}" };
const RETRY_MS = 2_000;
const PATIENCE_MS = 5_000;

/**
 * Opens what the controller works with, and finds what only a person can put right.
 *
 * @throws IpamError when configuration or credentials cannot be used; StoreFailure.
 */
export async function openContext(options: ContextOptions): Promise<OpenedContext> {
  const file = readNodeFile(options.config);
  const configuration = parseNodeConfiguration(file);
  for (const warning of configuration.warnings) log("warn", warning);
  const configured = configuredStore(configuration.store);
  if (!configured.description.shared) throw noSharedStore();
  const kubeConfig = options.kubeconfig ?? configuration.kubernetes.kubeConfig;
  const api = new Api(loadCredentials(kubeConfig === undefined ? {} : { kubeConfig }));
  const admissionClients = new AdmissionClients(options.admissionClientCa);
  const store = await configured.open();
  return {
    api,
    frontProxy: new FrontProxy(api, !admissionClients.areKnown),
    admissionClients,
    configuration,
    pools: new ControllerPools(file ?? NO_FILE, log),
    log,
    ports: { store, node: noNode(), cluster: clusterOn(api), log, random: Math.random },
    inventory: inventoryOn(api),
    following: followingOn(api, failedToFollow()),
    namespace: options.namespace ?? ownNamespace(),
    service: options.service,
    intervalMs: options.interval * 1000,
    metrics: makeMetrics(),
  };
}

/** Which cluster this is; asks until Kubernetes answers, or undefined when `signal` aborts before. */
export async function waitForClusterNames(
  cluster: Cluster,
  report: (reason: string) => void,
  signal: AbortSignal,
): Promise<ClusterNames | undefined> {
  while (!signal.aborted) {
    try {
      return await cluster.clusterNames(performance.now() + PATIENCE_MS);
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      report(`waiting for Kubernetes: ${reason}`);
      log("warn", "waiting for Kubernetes", { reason });
    }
    await pause(RETRY_MS, signal);
  }
  return undefined;
}

/** A right that is missing is told once, and what passes as it comes. */
function failedToFollow(): (failure: unknown) => void {
  let told = "";
  return (failure) => {
    const reason = failure instanceof Error ? failure.message : String(failure);
    log(reason === told ? "debug" : "warn", "cannot follow the cluster's pods or nodes", { reason });
    told = reason;
  };
}

function ownNamespace(): string {
  return existsSync(OWN_NAMESPACE) ? readFileSync(OWN_NAMESPACE, "utf8").trim() : "kube-ipam";
}

function noSharedStore(): IpamError {
  return new IpamError(
    "invalidConfig",
    "the controller looks after a cluster's store, and its configuration names none",
    'name the nodes\' store in the file of --config: "store": "kubernetes", or etcdConfig',
  );
}
