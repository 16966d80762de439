import { isOwnHolder } from "../cluster-relation.ts";
import { podIsGone } from "../evidence/fencing.ts";
import { free } from "../free/free.ts";
import { orDamaged, pastDamage } from "../integrity/damage.ts";
import { isEvidence } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { CallOptions } from "../store-port.ts";

/**
 * Frees what a recovery allocated to pods of this node because of their status alone, after the node
 * has answered and the pod is gone. While the pod exists, its address stays held.
 *
 * @returns whether nothing of that is left on this node; false where nobody can tell.
 * @throws StoreFailure; IpamError where Kubernetes does not answer.
 */
export async function settleEvidence(ports: Ports, options: CallOptions): Promise<boolean> {
  const { cluster, node, store } = ports;
  if (cluster === undefined) return false;
  let left = 0;
  const scope = { kind: "attachment", node: node.name } as const;
  for await (const { ref, record } of store.list(scope, pastDamage(options, ports))) {
    const { pod, requestId } = record.holder;
    if (!isEvidence(record.holder) || pod === undefined) continue;
    left++;
    if (!isOwnHolder(record.holder, ports)) continue;
    const live = (await cluster.pod(pod, options.deadline)) ?? "absent";
    if (!podIsGone(pod, live)) continue;
    const target = { node: ref.node, id: ref.id, requestId };
    const ended = await orDamaged(() => free(target, 0, ports, options), undefined, ports);
    if (ended !== undefined) left--;
  }
  return left === 0;
}
