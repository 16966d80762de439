import { readdirSync } from "node:fs";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Outcome } from "../../cni/handle.ts";

/** Seconds: from a warm embedded ADD to one that waited for a hand-over. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40];
const VERBS = new Set(["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"]);

export type Metrics = ReturnType<typeof makeMetrics>;

/**
 * What the agent counts. Labels have few values, known beforehand: never a pod, an address, a
 * container or a network.
 */
export function makeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the agent.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_open_fds",
    help: "Open file descriptors of the agent.",
    registers,
    collect() {
      this.set(readdirSync("/proc/self/fd").length);
    },
  });
  let endpoints = async (): Promise<readonly string[]> => [];
  new Gauge({
    name: "kube_ipam_agent_store_endpoint_in_use",
    help: "1 for each of etcd's endpoints that requests go to now.",
    labelNames: ["endpoint"],
    registers,
    async collect() {
      const inUse = await endpoints();
      this.reset();
      for (const endpoint of inUse) this.set({ endpoint }, 1);
    },
  });
  let known = async (): Promise<number> => 0;
  new Gauge({
    name: "kube_ipam_agent_pictured_addresses",
    help: "Addresses that the agent's watches know to be allocated, reserved or cooling.",
    registers,
    async collect() {
      this.set(await known());
    },
  });
  let longestWait = () => 0;
  new Gauge({
    name: "kube_ipam_agent_handover_waiting_seconds",
    help: "How long the longest waiting pod has been refused because somebody holds its address; 0 where none is.",
    registers,
    collect() {
      this.set(longestWait());
    },
  });
  let kept = () => 0;
  new Gauge({
    name: "kube_ipam_agent_kept_releases",
    help: "DELs on disk that wait for the store.",
    registers,
    collect() {
      try {
        this.set(kept());
      } catch {
        // The last count stands where the folder cannot be read: no metric is worth all the others.
      }
    },
  });
  return {
    registry,
    /** Who knows how many DELs wait on disk. */
    keptReleases: (count: () => number) => {
      kept = count;
    },
    /** Who knows how long pods have waited for an address that somebody holds, in seconds. */
    handOverWaiting: (longest: () => number) => {
      longestWait = longest;
    },
    /** Who knows where the stores' requests go. */
    endpointsInUse: (inUse: () => Promise<readonly string[]>) => {
      endpoints = inUse;
    },
    /** Who knows how many addresses the watches know of. */
    picturedAddresses: (count: () => Promise<number>) => {
      known = count;
    },
    waitSeconds: new Histogram({
      name: "kube_ipam_agent_wait_duration_seconds",
      help: "Time that ADDs waited for the end of an address's holder.",
      buckets: BUCKETS,
      registers,
    }),
    handOvers: new Counter({
      name: "kube_ipam_agent_hand_overs_total",
      help: "Addresses that went from an attachment to another one.",
      registers,
    }),
    storeErrors: new Counter({
      name: "kube_ipam_agent_store_errors_total",
      help: "Reads and commits of the store that failed, by kind.",
      labelNames: ["kind"],
      registers,
    }),
    verbs: new Counter({
      name: "kube_ipam_agent_verbs_total",
      help: "Verbs of the CNI protocol that are over, by the code they ended with; 0 is success.",
      labelNames: ["verb", "code"],
      registers,
    }),
    verbSeconds: new Histogram({
      name: "kube_ipam_agent_verb_duration_seconds",
      help: "Time from the request to the answer that was printed.",
      labelNames: ["verb"],
      buckets: BUCKETS,
      registers,
    }),
    storeSeconds: new Histogram({
      name: "kube_ipam_agent_store_duration_seconds",
      help: "Time that reads and commits of the store took, by their outcome.",
      labelNames: ["operation", "outcome"],
      buckets: BUCKETS,
      registers,
    }),
    kubernetesSeconds: new Histogram({
      name: "kube_ipam_agent_kubernetes_duration_seconds",
      help: "Time that questions to Kubernetes took, by their outcome.",
      labelNames: ["question", "outcome"],
      buckets: BUCKETS,
      registers,
    }),
    busy: new Gauge({
      name: "kube_ipam_agent_verbs_in_flight",
      help: "Verbs under way or waiting for their turn.",
      registers,
    }),
    reclaimed: new Counter({
      name: "kube_ipam_agent_reclaimed_total",
      help: "Attachments freed because their namespace was gone or their DEL had been kept.",
      registers,
    }),
  };
}

export function observeVerb(metrics: Metrics, command: string, outcome: Outcome, milliseconds: number): void {
  const verb = VERBS.has(command) ? command : "other";
  metrics.verbs.inc({ verb, code: String(outcome.failure?.code ?? 0) });
  metrics.verbSeconds.observe({ verb }, milliseconds / 1000);
}
