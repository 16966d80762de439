import type { AskingPools } from "../../cni/protocol/call.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { type ClusterPools, UNREAD_POOLS } from "../../config/settings/cluster-pools.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { inFull } from "../../ipam/errors.ts";
import { pause } from "../../ipam/pause.ts";
import type { Log } from "../../ipam/ports.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { FollowedPools } from "../../kubernetes/objects/followed-pools.ts";
import { readClusterPools, writeClusterPools } from "../../runtime/cluster-pools-file.ts";
import { configuredCluster, hasCluster } from "../../runtime/open-ports.ts";
import { stampOf } from "./warm-clusters.ts";

/** Between two tries to use credentials that cannot be used. */
const RETRY_MS = 10_000;

/** Where the pools come from, and where they are kept for the next start. */
interface Source {
  readonly kubeConfig: string | undefined;
  readonly dataDir: string;
}

interface Following extends Source {
  readonly stopping: AbortController;
  readonly pools: FollowedPools;
}

/**
 * The cluster's pools, kept by one watch for as long as the agent runs, so that an ADD asks nobody. Without a node's file
 * there are none.
 */
export class WarmPools {
  readonly #log: Log;
  readonly #kept: string | undefined;
  /** What the log has of the pools that are not in force, and of why they cannot be read. */
  #told: readonly string[] = [];
  #reason: string | undefined;
  #text: string | undefined;
  #following: Following | undefined;

  /** @param kept see WarmClusters. */
  constructor(log: Log, kept?: string) {
    this.#log = log;
    this.#kept = kept;
  }

  /** For the host of the verbs: others than an ADD go on without what cannot be read. */
  readonly for = ({ verb, file }: AskingPools): ClusterPools | undefined => {
    if (verb === "DEL" || verb === "GC") return undefined;
    if (verb === "ADD") return this.known(file);
    try {
      const known = this.known(file);
      return known?.missing === undefined ? known : UNREAD_POOLS;
    } catch {
      // What is wrong with the file, the verb itself says as far as it matters to it.
      return UNREAD_POOLS;
    }
  };

  /** What is known now; begins to follow where that has not begun. @throws IpamError for a file that is wrong. */
  known(file: NodeFileText): ClusterPools | undefined {
    if (file.text !== this.#text) this.#begin(file);
    return this.#following?.pools.known;
  }

  closeAll(): void {
    this.#following?.stopping.abort();
    this.#following = undefined;
    this.#text = undefined;
  }

  #begin(file: NodeFileText): void {
    const { kubernetes, node } = parseNodeConfiguration(file);
    this.#text = file.text;
    const source: Source = {
      kubeConfig: kubernetes.kubeConfig === this.#kept ? undefined : kubernetes.kubeConfig,
      dataDir: node.dataDir,
    };
    const before = this.#following;
    const isSame = before?.kubeConfig === source.kubeConfig && before?.dataDir === source.dataDir;
    if (before !== undefined && isSame && hasCluster(kubernetes)) return;
    before?.stopping.abort();
    this.#following = undefined;
    if (!hasCluster(kubernetes)) return;
    const hearers = {
      changed: (known: ClusterPools) => this.#changed(known, source, file),
      failed: (failure: unknown) => this.#failed(failure),
    };
    const pools = new FollowedPools(hearers, { objects: readClusterPools(source.dataDir) });
    this.#following = { ...source, pools, stopping: new AbortController() };
    void this.#follow(this.#following);
  }

  /** Goes on with new credentials where the old ones fail and their file has changed. */
  async #follow({ kubeConfig, pools, stopping: { signal } }: Following): Promise<void> {
    while (!signal.aborted) {
      const stamp = stampOf(kubeConfig);
      try {
        const api = new Api(loadCredentials(configuredCluster(kubeConfig)));
        await pools.run(api, signal, () => stampOf(kubeConfig) !== stamp);
      } catch (failure) {
        pools.fail(failure);
        await pause(RETRY_MS, signal);
      }
    }
  }

  #changed(known: ClusterPools, { dataDir }: Source, file: NodeFileText): void {
    this.#reason = undefined;
    if (!Bun.deepEquals(known.objects, readClusterPools(dataDir))) writeClusterPools(dataDir, known.objects);
    const { poolFaults } = parseNodeConfiguration({ ...file, clusterPools: known });
    const faults = [...poolFaults.values()].map(({ error }) => inFull(error));
    for (const fault of faults) if (!this.#told.includes(fault)) this.#log("warn", fault);
    this.#told = faults;
  }

  #failed(failure: unknown): void {
    const reason = inFull(failure);
    if (reason !== this.#reason) this.#log("warn", "cannot follow the cluster's pools", { reason });
    this.#reason = reason;
  }
}
