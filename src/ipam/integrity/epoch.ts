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
