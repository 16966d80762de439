import type { Ports } from "../ports.ts";
import { type MetaRecord, RECORD_VERSION } from "../records.ts";
import type { CallOptions, Versioned } from "../store-port.ts";
import { replaceIdentity } from "./replace-identity.ts";

/** How often a node looks at most whether the epoch has risen, in seconds. */
const EVERY_SECONDS = 45;

/** The epoch after that of a store. */
export function nextEpoch({ epoch = 0 }: MetaRecord): number {
  return epoch + 1;
}

/** Whether nothing of a store's identity has changed but its epoch, which has risen. */
export function isEpochAlone(before: MetaRecord, after: MetaRecord): boolean {
  const { epoch: was = 0, ...rest } = before;
  const { epoch: is = 0, ...others } = after;
  return is > was && Bun.deepEquals(rest, others);
}

/**
 * Remembers an epoch that a watch has told, as a look would: so a quiet node knows it within seconds, and looks
 * seldom. Only for a store that was looked at since its watch stands: what that finds goes first.
 */
export function hearOfEpoch(
  { record, revision }: Versioned<MetaRecord>,
  { node: { storeMemory }, store }: Pick<Ports, "node" | "store">,
): void {
  const { epoch = 0, recovery, state, uuid, version } = record;
  if (state !== "ready" || version > RECORD_VERSION) return;
  for (const space of storeMemory.spaces()) {
    const known = storeMemory.recall(space);
    if (known?.uuid !== uuid || known.recovery !== recovery || known.prefix !== store.description.prefix)
      continue;
    if (epoch <= (known.epoch ?? 0)) continue;
    storeMemory.remember(space, { ...known, epoch, revision: Math.max(revision, known.revision) });
  }
}

/**
 * Raises the epoch of a shared store where no node has done so since this node's last look: so it rises
 * about once a minute, whichever nodes there are (NO-CLOCKS: each node only compares two looks of
 * its own). Nodes that have seen it notice a store that was thrown back by more than a minute.
 *
 * @param meta the store's identity as it was just read.
 * @returns whether it raised the epoch.
 * @throws StoreFailure.
 */
export async function keepEpoch(
  { record, revision }: Versioned<MetaRecord>,
  { node, store }: Ports,
  options: CallOptions,
): Promise<boolean> {
  const name = `epoch ${record.uuid}`;
  if (!store.description.shared || record.state !== "ready" || record.version > RECORD_VERSION) return false;
  if (!node.due(name, EVERY_SECONDS)) return false;
  const { epoch = 0 } = record;
  const seen = node.cursors.read(name);
  const raised = seen === BigInt(epoch) ? nextEpoch(record) : epoch;
  node.cursors.advance(name, () => BigInt(raised));
  if (raised === epoch) return false;
  return replaceIdentity({ ...record, epoch: raised }, { revision }, { store }, options);
}
