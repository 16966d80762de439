import { statSync } from "node:fs";
import type { Cluster } from "../ipam/cluster-port.ts";
import { lazyCluster } from "../kubernetes/lazy-cluster.ts";

interface Warm {
  readonly stamp: string;
  readonly cluster: Cluster;
}

/** One Kubernetes client for each kubeconfig, made anew when the file changes. */
export class WarmClusters {
  readonly #warm = new Map<string, Warm>();

  lend(kubeConfig: string | undefined): Cluster {
    const key = kubeConfig ?? "";
    const stamp = stampOf(kubeConfig);
    const known = this.#warm.get(key);
    if (known?.stamp === stamp) return known.cluster;
    const cluster = lazyCluster(kubeConfig === undefined ? {} : { kubeConfig });
    this.#warm.set(key, { stamp, cluster });
    return cluster;
  }
}

function stampOf(path: string | undefined): string {
  if (path === undefined) return "";
  try {
    const { dev, ino, mtimeMs, size } = statSync(path);
    return [dev, ino, mtimeMs, size].join(":");
  } catch {
    return "absent";
  }
}
