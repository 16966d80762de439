import { statSync } from "node:fs";
import { CAPS } from "../../address/caps.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { Log } from "../../ipam/ports.ts";
import { type LazyCluster, lazyCluster } from "../../kubernetes/ports/lazy-cluster.ts";
import { configuredCluster } from "../../runtime/open-ports.ts";

interface Warm {
  readonly stamp: string;
  readonly cluster: LazyCluster;
  readonly stopping: AbortController;
}

/**
 * One Kubernetes client for each kubeconfig and node name, made anew when the file changes. Of too many, that watches
 * no more which was lent longest ago (CAPPED): a verb that still has it asks the API server itself.
 */
export class WarmClusters {
  readonly #warm: BoundedMap<string, Warm>;
  readonly #log: Log;
  readonly #kept: string | undefined;
  readonly #nodeFile: (() => NodeFileText | undefined) | undefined;

  /**
   * @param nodeFile with the cluster's pools; absent: each question lists them.
   * @param kept the kubeconfig that this agent keeps on the host for the plugin. The agent itself goes by
   * its pod's own account instead, which may more.
   * @param most how many watch their node's pods.
   */
  constructor(log: Log, kept?: string, nodeFile?: () => NodeFileText | undefined, most: number = CAPS.warm) {
    this.#warm = new BoundedMap(most, ({ stopping }) => stopping.abort());
    this.#log = log;
    this.#kept = kept;
    this.#nodeFile = nodeFile;
  }

  /** Opens it ahead of the first question; where that fails, the question says why. */
  begin(named: string | undefined, nodeName: string): void {
    this.#find(named, nodeName)
      .begin()
      .catch(() => undefined);
  }

  lend(named: string | undefined, nodeName: string): Cluster {
    return this.#find(named, nodeName);
  }

  #find(named: string | undefined, nodeName: string): LazyCluster {
    const kubeConfig = named === this.#kept ? undefined : named;
    const key = `${nodeName} ${kubeConfig ?? ""}`;
    const settings = {
      ...configuredCluster(kubeConfig),
      ...(this.#nodeFile && { nodeFile: this.#nodeFile }),
    };
    const stamp = `${settings.byNetwork ?? false} ${stampOf(kubeConfig)}`;
    const known = this.#warm.get(key);
    if (known?.stamp === stamp) {
      // What was lent last goes last.
      this.#warm.set(key, known);
      return known.cluster;
    }
    known?.stopping.abort();
    const stopping = new AbortController();
    const cluster = lazyCluster(settings, async (same) => {
      const { openNodeCluster } = await import("../../kubernetes/ports/open-node-cluster.ts");
      return openNodeCluster(same, { nodeName, log: this.#log, signal: stopping.signal });
    });
    this.#warm.set(key, { stamp, cluster, stopping });
    return cluster;
  }

  closeAll(): void {
    for (const [key, { stopping }] of this.#warm.entries()) {
      stopping.abort();
      this.#warm.delete(key);
    }
  }
}

/** Differs where a file does. */
export function stampOf(path: string | undefined): string {
  if (path === undefined) return "";
  try {
    const { dev, ino, mtimeMs, size } = statSync(path);
    return [dev, ino, mtimeMs, size].join(":");
  } catch {
    return "absent";
  }
}
