import { isOwnCluster } from "../cluster-relation.ts";
import type { ClusterPorts } from "../ports.ts";
import type { Holder } from "../records.ts";
import type { CallOptions } from "../store-port.ts";
import { type Fence, fenceOf, isFenced } from "./fencing.ts";
import { readLive } from "./live-read.ts";

/**
 * Why a holder can run nowhere any more, by live reads of its pod and its node. Undefined where that is
 * not certain: no fence, another cluster's holder, no pod, or Kubernetes does not answer.
 */
export async function liveFence(
  holder: Holder,
  { cluster, clusterNames }: Pick<ClusterPorts, "cluster" | "clusterNames">,
  { deadline }: CallOptions,
): Promise<Fence | undefined> {
  if (!isOwnCluster(holder.cluster, clusterNames) || holder.pod === undefined) return undefined;
  const [pod, node] = await Promise.all([
    readLive(cluster.pod(holder.pod, deadline)),
    readLive(cluster.node(holder.node, deadline)),
  ]);
  const facts = { holder, holderPod: pod.state, holderNode: node.state };
  return isFenced(facts) ? fenceOf(holder, node.state) : undefined;
}
