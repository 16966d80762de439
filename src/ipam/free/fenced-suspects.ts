import type { NodeFacts } from "../cluster-port.ts";
import type { Fence } from "../evidence/fencing.ts";
import type { KnownBoots } from "../evidence/known-boots.ts";
import { RECORD_VERSION } from "../records.ts";
import type { Entry, ListOptions, Store } from "../store-port.ts";
import { suspectedFence } from "./free-fenced.ts";

export interface Suspect {
  readonly entry: Entry<"attachment">;
  readonly fence: Fence;
}

/**
 * Attachments that by a list of nodes are those of fenced nodes, their nodes' names verified as far as
 * that is known. A suspicion only: `freeFenced` asks again, live.
 *
 * @param seen is told every attachment that there is.
 * @throws StoreFailure.
 */
export async function findSuspects(
  store: Store,
  nodes: ReadonlyMap<string, NodeFacts>,
  boots: KnownBoots,
  clusterUid: string,
  options: ListOptions,
  seen: (entry: Entry<"attachment">) => void = () => undefined,
): Promise<Suspect[]> {
  const possible: Entry<"attachment">[] = [];
  for (const node of nodes.values()) boots.learnNode(node);
  for await (const entry of store.list({ kind: "attachment" }, options)) {
    const { holder, version } = entry.record;
    seen(entry);
    boots.learnHolder(holder);
    if (version > RECORD_VERSION) continue;
    if (suspectedFence({ ...holder, nodeVerified: true }, nodes, clusterUid)) possible.push(entry);
  }
  return possible.flatMap((entry) => {
    const holder = boots.verified(entry.record.holder);
    const fence = suspectedFence(holder, nodes, clusterUid);
    return fence === undefined ? [] : [{ entry: { ...entry, record: { ...entry.record, holder } }, fence }];
  });
}
