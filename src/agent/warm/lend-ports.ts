import { CAPS } from "../../address/caps.ts";
import { remembered } from "../../address/remembered.ts";
import type { OpenPorts } from "../../cni/protocol/call.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { Foresight } from "../../ipam/foresight.ts";
import type { Log } from "../../ipam/ports.ts";
import type { AttachmentId } from "../../ipam/records.ts";
import { Turns } from "../../ipam/turns.ts";
import { countKept } from "../../node/kept-releases.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { type Asking, hasCluster, type Openers, openPorts } from "../../runtime/open-ports.ts";
import { isBegun } from "../../store/kinds/begun.ts";
import type { Metrics } from "../events/metrics.ts";
import { EventReporter } from "../events/report-events.ts";
import type { Identity } from "./identity-watch.ts";
import { observeCluster, observeStore } from "./observe.ts";
import { WarmClusters } from "./warm-clusters.ts";
import { WarmNodes } from "./warm-nodes.ts";
import { WarmPools } from "./warm-pools.ts";
import { WarmStores } from "./warm-stores.ts";

/** Lends the ports of one verb, until it calls their `close`. */
export type LendPorts = (asking: Asking, log: Log, adding?: AttachmentId) => Promise<OpenPorts>;

/** Everything the agent keeps open between verbs, lent to each of them. */
export class Lender {
  readonly #nodes = new WarmNodes();
  readonly #stores: WarmStores;
  readonly #clusters: WarmClusters;
  readonly pools: WarmPools;
  readonly #events: EventReporter;
  readonly #metrics: Metrics;
  readonly #turns = new Turns();
  /**
   * The combinations of node, store and cluster that verbs asked for last, for the work between verbs. What is forgotten
   * is learnt again with its next verb, which frees what is dead there itself.
   */
  readonly #known = new BoundedMap<string, Asking["configuration"]>(CAPS.warm);

  /** @param keptKubeconfig see WarmClusters. */
  constructor(metrics: Metrics, log: Log, keptKubeconfig?: string) {
    this.#metrics = metrics;
    this.#stores = new WarmStores();
    this.pools = new WarmPools(log, keptKubeconfig);
    this.#clusters = new WarmClusters(log, keptKubeconfig, () => this.nodeFile());
    this.#events = new EventReporter(metrics);
    metrics.endpointsInUse(() => this.#stores.endpoints());
  }

  readonly lend: LendPorts = async (asking, log, adding) => {
    // Only an ADD begins a store, so that only then the work between verbs may find one.
    if (asking.verb === "ADD" || isBegun(asking.configuration.store)) this.learn(asking.configuration);
    return this.lendBetweenVerbs(asking, log, adding);
  };

  /** The same for what is known already: such work is no use that would keep it from being forgotten. */
  readonly lendBetweenVerbs: LendPorts = async (asking, log, adding) => {
    const { node } = asking.configuration;
    let foresight: Foresight | undefined;
    const warm: Openers = {
      openNode: (settings) => this.#nodes.lend(settings),
      openCluster: (kubeConfig) =>
        observeCluster(this.#clusters.lend(kubeConfig, this.#nodes.lend(node).name), this.#metrics),
      openStore: async (settings) => {
        const lent = await this.#stores.lend(settings);
        foresight = lent.foresight;
        return observeStore(lent.store, this.#metrics);
      },
    };
    const ports = await openPorts(asking, log, warm, adding);
    return {
      ...ports,
      turns: this.#turns,
      ...(foresight && { foresight }),
      ...(adding && { report: this.#events.listenTo(adding, ports.cluster) }),
    };
  };

  /** Remembers store, node and cluster; not annotations, which belong to one pod. */
  learn(configuration: Asking["configuration"]): void {
    const key = keyOf(configuration);
    // What was asked for last goes last.
    this.#known.set(key, this.#known.get(key) ?? withoutPod(configuration));
  }

  /**
   * Begins to watch this node's pods in every cluster that was learnt so far, so that the first ADDs find them known.
   * Returns at once. Best effort: what fails here the first ADD says.
   */
  beginClusters(): void {
    for (const { node, kubernetes } of this.known()) {
      if (!hasCluster(kubernetes)) continue;
      try {
        this.#clusters.begin(kubernetes.kubeConfig, this.#nodes.lend(node).name);
      } catch {
        // A node that cannot be opened has no verbs either.
      }
    }
  }

  /** Calls back when a store should be looked at: it has changed its state, or may have been thrown back. */
  onStir(stirred: () => void): void {
    this.#stores.stirred = stirred;
  }

  /** What is known of a configuration's store without asking; undefined where nobody watches it. */
  identityOf({ store }: Asking["configuration"]): Promise<Identity | undefined> {
    return this.#stores.identityOf(store);
  }

  known(): Asking["configuration"][] {
    return [...this.#known.entries()].map(([, configuration]) => configuration);
  }

  /** DELs that wait on this node's disk, in `dataDir` and wherever else networks have them. */
  keptReleases(dataDir: string): number {
    const folders = new Set([dataDir, ...this.known().map(({ node }) => node.dataDir)]);
    return [...folders].reduce((sum, folder) => sum + countKept(folder), 0);
  }

  /** The node's file with the pools that are known now; begins to follow them. @throws IpamError */
  nodeFile(): NodeFileText | undefined {
    const file = readNodeFile();
    const clusterPools = file && this.pools.known(file);
    return file && { ...file, ...(clusterPools && { clusterPools }) };
  }

  closeIdle(): Promise<void> {
    return this.#stores.closeIdle();
  }

  closeAll(): Promise<void> {
    this.#nodes.flush();
    this.#clusters.closeAll();
    this.pools.closeAll();
    return this.#stores.closeIdle(true);
  }
}

/** Made once for each configuration that was parsed: equal ones are mostly one object. */
const keyOf = remembered(({ kubernetes: { kubeConfig }, node, store }: Asking["configuration"]) =>
  JSON.stringify([node, store, kubeConfig]),
);

function withoutPod({ kubernetes, node, store }: Asking["configuration"]): Asking["configuration"] {
  const { kubeConfig } = kubernetes;
  const without = { annotations: "off", capabilityDeclared: false } as const;
  return { node, store, kubernetes: { ...without, ...(kubeConfig !== undefined && { kubeConfig }) } };
}
