import type { ClusterNames } from "../cluster-names.ts";
import type { NodeFacts } from "../cluster-port.ts";
import { isOwnCluster } from "../cluster-relation.ts";
import { type Fence, fenceOf } from "../evidence/fencing.ts";
import { liveFence } from "../evidence/live-fence.ts";
import type { ClusterPorts } from "../ports.ts";
import type { AttachmentRecord, Holder } from "../records.ts";
import type { CallOptions, Entry } from "../store-port.ts";
import { free } from "./free.ts";

/**
 * Why a holder's node is fenced according to a list of nodes. Undefined where it is not, and where this
 * program may not judge the holder: it is of another cluster, is no pod, or its node's name was never
 * verified.
 */
export function suspectedFence(
  holder: Holder,
  nodes: ReadonlyMap<string, NodeFacts>,
  names: ClusterNames,
): Fence | undefined {
  if (!isOwnCluster(holder.cluster, names) || holder.pod === undefined) return undefined;
  return fenceOf(holder, nodes.get(holder.node) ?? "absent");
}

/**
 * Frees an attachment of a fenced node (EVIDENCE). Reads pod and node live, right before the
 * transaction, which frees only the record that was judged, by its request ID (ONLY-MINE). Frees
 * nothing where Kubernetes does not answer, or refuses.
 *
 * @returns the freed record and the reason; undefined where the evidence does not hold, or another
 *   process was quicker.
 * @throws StoreFailure when the store could not be reached or refused; IpamError for a newer record.
 */
export async function freeFenced(
  { ref, record }: Entry<"attachment">,
  coolingSeconds: number,
  ports: ClusterPorts,
  options: CallOptions,
): Promise<{ readonly freed: AttachmentRecord; readonly fence: Fence } | undefined> {
  const { holder } = record;
  const fence = await liveFence(holder, ports, options);
  if (fence === undefined) return undefined;
  const target = { node: ref.node, id: ref.id, requestId: holder.requestId, unlocked: true } as const;
  const freed = await free(target, coolingSeconds, ports, options);
  ports.node.journal.remove(ref.id, holder.requestId);
  return freed && { freed, fence };
}
