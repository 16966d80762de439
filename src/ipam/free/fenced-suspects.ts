import type { ClusterNames } from "../cluster-names.ts";
import type { NodeFacts } from "../cluster-port.ts";
import { isUndecided } from "../cluster-relation.ts";
import type { Fence } from "../evidence/fencing.ts";
import type { KnownBoots } from "../evidence/known-boots.ts";
import { type Holder, RECORD_VERSION } from "../records.ts";
import type { Entry, ListOptions, Store } from "../store-port.ts";
import { suspectedFence } from "./free-fenced.ts";

/** An attachment that may be one of a fenced node, and why. */
export interface Suspect {
  readonly entry: Entry<"attachment">;
  readonly fence: Fence;
}

/**
 * Finds attachments of nodes that are fenced according to a list of nodes. Sets `nodeVerified` where
 * the holder's boot proves its node's name, and the cluster where it proves that. Only a suspicion: `freeFenced` reads pod and node again, live.
 *
 * @param onEntry is called with every attachment that was read.
 * @param only the nodes whose attachments are read; default: all.
 * @throws StoreFailure.
 */
export async function findSuspects(
  store: Store,
  nodes: ReadonlyMap<string, NodeFacts>,
  boots: KnownBoots,
  names: ClusterNames,
  options: ListOptions,
  onEntry: (entry: Entry<"attachment">) => void = () => undefined,
  only?: readonly string[],
): Promise<Suspect[]> {
  const possible: Entry<"attachment">[] = [];
  for (const node of nodes.values()) boots.learnNode(node);
  for await (const entry of attachmentsOf(store, options, only)) {
    const { holder, version } = entry.record;
    // A newer program may say otherwise who holds it.
    if (version > RECORD_VERSION && (holder as Holder | undefined) === undefined) continue;
    onEntry(entry);
    boots.learnHolder(holder);
    if (version > RECORD_VERSION) continue;
    const proven = { ...holder, nodeVerified: true };
    const own = isUndecided(holder.cluster, names) ? { ...proven, cluster: names.name } : proven;
    if (suspectedFence(own, nodes, names)) possible.push(entry);
  }
  return possible.flatMap((entry) => {
    const holder = boots.verified(entry.record.holder);
    const fence = suspectedFence(holder, nodes, names);
    return fence === undefined ? [] : [{ entry: { ...entry, record: { ...entry.record, holder } }, fence }];
  });
}

async function* attachmentsOf(
  store: Store,
  options: ListOptions,
  nodes: readonly string[] | undefined,
): AsyncGenerator<Entry<"attachment">> {
  if (nodes === undefined) return yield* store.list({ kind: "attachment" }, options);
  for (const node of nodes) yield* store.list({ kind: "attachment", node }, options);
}
