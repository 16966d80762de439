import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Outcome } from "../../cni/handle.ts";
import { registerProcessMetrics } from "./process-metrics.ts";
import { sampledMetrics } from "./sampled-metrics.ts";

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
  registerProcessMetrics(registers);
  return {
    registry,
    ...sampledMetrics(registers),
    ...integrityMetrics(registers),
    ...verbMetrics(registers),
    ...portMetrics(registers),
    ...addressMetrics(registers),
  };
}

export function observeVerb(metrics: Metrics, command: string, outcome: Outcome, milliseconds: number): void {
  const verb = VERBS.has(command) ? command : "other";
  metrics.verbs.inc({ verb, code: String(outcome.failure?.code ?? 0) });
  metrics.verbSeconds.observe({ verb }, milliseconds / 1000);
}

function verbMetrics(registers: Registry[]) {
  return {
    verbs: new Counter({
      name: "kube_ipam_agent_verbs_total",
      help: "CNI verbs that have ended, by their error code; 0 is success.",
      labelNames: ["verb", "code"],
      registers,
    }),
    verbSeconds: new Histogram({
      name: "kube_ipam_agent_verb_duration_seconds",
      help: "Time from a verb's request until its answer was printed.",
      labelNames: ["verb"],
      buckets: BUCKETS,
      registers,
    }),
    busy: new Gauge({
      name: "kube_ipam_agent_verbs_in_flight",
      help: "Verbs that run or wait for their turn.",
      registers,
    }),
  };
}

/** What this node has found out about its stores, summed over them. */
function integrityMetrics(registers: Registry[]) {
  const suspect = summed(registers, {
    name: "kube_ipam_agent_store_suspect",
    help: "Stores that were thrown back to an earlier state, and give out no addresses until 'kube-ipam recover'.",
  });
  const conflicts = summed(registers, {
    name: "kube_ipam_agent_store_conflicts",
    help: "Addresses of living attachments of this node that the store has given to others.",
  });
  return {
    storeSuspect: suspect.say,
    storeConflicts: conflicts.say,
    /** Forgets what all other stores have said. */
    keepStores: (stores: ReadonlySet<string>) => {
      suspect.keepOnly(stores);
      conflicts.keepOnly(stores);
    },
  };
}

/** A gauge of the sum of what each store last said. */
function summed(registers: Registry[], description: { readonly name: string; readonly help: string }) {
  const gauge = new Gauge({ ...description, registers });
  const values = new Map<string, number>();
  const sum = () => gauge.set([...values.values()].reduce((all, each) => all + each, 0));
  return {
    say: (store: string, value: number | boolean) => {
      values.set(store, Number(value));
      sum();
    },
    keepOnly: (stores: ReadonlySet<string>) => {
      for (const store of values.keys()) if (!stores.has(store)) values.delete(store);
      sum();
    },
  };
}

/** What the verbs' questions to store and Kubernetes cost. */
function portMetrics(registers: Registry[]) {
  return {
    storeSeconds: new Histogram({
      name: "kube_ipam_agent_store_duration_seconds",
      help: "Duration of the store's reads and commits, by outcome.",
      labelNames: ["operation", "outcome"],
      buckets: BUCKETS,
      registers,
    }),
    storeErrors: new Counter({
      name: "kube_ipam_agent_store_errors_total",
      help: "Reads and commits of the store that failed, by kind of failure.",
      labelNames: ["kind"],
      registers,
    }),
    lostRaces: new Counter({
      name: "kube_ipam_agent_lost_races_total",
      help: "Transactions that lost to another one: each costs its verb one more round trip.",
      registers,
    }),
    kubernetesSeconds: new Histogram({
      name: "kube_ipam_agent_kubernetes_duration_seconds",
      help: "Duration of questions to Kubernetes, by outcome.",
      labelNames: ["question", "outcome"],
      buckets: BUCKETS,
      registers,
    }),
  };
}

/** What became of addresses. */
function addressMetrics(registers: Registry[]) {
  return {
    waitSeconds: new Histogram({
      name: "kube_ipam_agent_wait_duration_seconds",
      help: "Time that ADDs waited for an address's holder to end.",
      buckets: BUCKETS,
      registers,
    }),
    handOvers: new Counter({
      name: "kube_ipam_agent_hand_overs_total",
      help: "Addresses that passed from one attachment to another.",
      registers,
    }),
    reclaimed: new Counter({
      name: "kube_ipam_agent_reclaimed_total",
      help: "Attachments freed because their namespace was gone or their DEL had waited on disk.",
      registers,
    }),
  };
}
