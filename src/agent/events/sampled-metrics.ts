import { Gauge, type Registry } from "prom-client";

/**
 * Gauges that are read at each scrape. Each is given its source once that exists, and shows 0 before; a
 * source that throws leaves the last value, so that one metric never costs all the others.
 */
export function sampledMetrics(registers: Registry[]) {
  return {
    /** Takes what counts the DELs that wait on disk. */
    keptReleases: sampled(registers, {
      name: "kube_ipam_agent_kept_releases",
      help: "DELs on disk that wait for the store.",
    }),
    /** Takes what says how long the longest waiting pod has waited, in seconds. */
    handOverWaiting: sampled(registers, {
      name: "kube_ipam_agent_handover_waiting_seconds",
      help: "How long the longest waiting pod has been refused because its address is held; 0 where no pod waits.",
    }),
    /** Takes what lists the endpoints that the stores' requests go to. */
    endpointsInUse: sampledEndpoints(registers),
  };
}

type Sample<T> = () => T | Promise<T>;

interface Description {
  readonly name: string;
  readonly help: string;
}

function sampled(registers: Registry[], description: Description): (source: Sample<number>) => void {
  let sample: Sample<number> = () => 0;
  new Gauge({
    ...description,
    registers,
    async collect() {
      const value = await attempt(sample);
      if (value !== undefined) this.set(value);
    },
  });
  return (source) => {
    sample = source;
  };
}

function sampledEndpoints(registers: Registry[]): (source: Sample<readonly string[]>) => void {
  let sample: Sample<readonly string[]> = () => [];
  new Gauge({
    name: "kube_ipam_agent_store_endpoint_in_use",
    help: "1 for each etcd endpoint that requests go to now.",
    labelNames: ["endpoint"],
    registers,
    async collect() {
      const inUse = await attempt(sample);
      if (inUse === undefined) return;
      this.reset();
      for (const endpoint of inUse) this.set({ endpoint }, 1);
    },
  });
  return (source) => {
    sample = source;
  };
}

async function attempt<T>(sample: Sample<T>): Promise<T | undefined> {
  try {
    return await sample();
  } catch {
    return undefined;
  }
}
