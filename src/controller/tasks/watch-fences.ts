import type { Api } from "../../kubernetes/api/api.ts";
import { NODES } from "../../kubernetes/api/kinds.ts";
import { watchObjects } from "../../kubernetes/api/watch-objects.ts";
import { nodeFacts } from "../../kubernetes/objects/node-facts.ts";

/**
 * Calls `wake` when a Node is deleted, or shows another boot ID, readiness or out-of-service taint. A
 * hint only: the task itself lists the nodes.
 *
 * @throws IpamError as the Cluster port says; ends when the watch does.
 */
export async function watchFences(api: Api, wake: () => void, signal: AbortSignal): Promise<void> {
  const known = new Map<string, string>();
  for await (const { object, type } of watchObjects(api, NODES, signal)) {
    const { bootId, name, outOfServiceTaint, ready } = nodeFacts(object);
    const before = known.get(name);
    const state = `${ready} ${outOfServiceTaint} ${bootId ?? ""}`;
    if (type === "DELETED") known.delete(name);
    else known.set(name, state);
    if (type === "DELETED" || (before !== undefined && before !== state)) wake();
  }
}
