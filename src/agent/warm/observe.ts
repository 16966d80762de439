import type { Cluster } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { type Store, StoreFailure } from "../../ipam/store-port.ts";
import type { Metrics } from "../events/metrics.ts";
import { override } from "./override.ts";

/** The store with a clock on what verbs wait for. */
export function observeStore(store: Store, { storeSeconds, storeErrors, lostRaces }: Metrics): Store {
  const timed = <T>(operation: string, work: () => Promise<T>): Promise<T> =>
    measured(work, (seconds, outcome) => {
      storeSeconds.observe({ operation, outcome }, seconds);
      if (outcome !== "ok") storeErrors.inc({ kind: outcome });
    });
  return override(store, {
    read: (query, options) => timed("read", () => store.read(query, options)),
    commit: async (transaction, options) => {
      const outcome = await timed("commit", () => store.commit(transaction, options));
      if (!outcome.won) lostRaces.inc();
      return outcome;
    },
    requireWritable: (options) => timed("status", () => store.requireWritable(options)),
  });
}

/** Kubernetes with a clock on every question. */
export function observeCluster(cluster: Cluster, { kubernetesSeconds }: Metrics): Cluster {
  const timed = <T>(question: string, work: () => Promise<T>): Promise<T> =>
    measured(work, (seconds, outcome) => kubernetesSeconds.observe({ question, outcome }, seconds));
  const pod: Cluster["pod"] = (id, deadline) => cluster.pod(id, deadline);
  return override(cluster, {
    clusterNames: (deadline) => timed("cluster", () => cluster.clusterNames(deadline)),
    pod: (id, deadline) => timed("pod", () => pod(id, deadline)),
    askingPod: (id, deadline) =>
      timed("asking-pod", () => (cluster.askingPod?.bind(cluster) ?? pod)(id, deadline)),
    node: (name, deadline) => timed("node", () => cluster.node(name, deadline)),
    ownerOf: (of, deadline) => timed("owner", () => cluster.ownerOf(of, deadline)),
    ownerState: (owner, deadline) => timed("owner-state", () => cluster.ownerState(owner, deadline)),
    definedNetwork: (namespace, name, deadline) =>
      timed("definition", () => cluster.definedNetwork(namespace, name, deadline)),
  });
}

async function measured<T>(
  work: () => Promise<T>,
  observe: (seconds: number, outcome: string) => void,
): Promise<T> {
  const begin = performance.now();
  const end = (outcome: string) => observe((performance.now() - begin) / 1000, outcome);
  try {
    const answer = await work();
    end("ok");
    return answer;
  } catch (failure) {
    end(outcomeOf(failure));
    throw failure;
  }
}

function outcomeOf(failure: unknown): string {
  if (failure instanceof StoreFailure) return failure.kind;
  return failure instanceof IpamError ? failure.name : "unexpected";
}
