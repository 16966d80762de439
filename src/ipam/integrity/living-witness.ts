import { locationOf } from "../journal-entry.ts";
import type { JournalEntry, Node, RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { refTo } from "../ref-to.ts";
import type { Guard } from "../store-port.ts";

/** The newest holding of this node, which a store that was not thrown back still has. */
export interface LivingWitness {
  readonly entry: JournalEntry;
  /** Revision of its record; 0 where it is not known. */
  readonly revision: number;
}

/**
 * The newest holding of this node in a space of this store whose namespace is there, and which no DEL has
 * ended. Undefined where there is none.
 *
 * @param remembered the store that the node has used for the space, where it knows.
 */
export function livingWitness(
  space: string,
  remembered: RememberedStore | undefined,
  { node, store }: Pick<Ports, "node" | "store">,
): LivingWitness | undefined {
  const location = locationOf(store.description);
  for (const { id, requestId, revision } of node.witnesses.newest()) {
    const entry = node.journal.read(id);
    if (entry?.holder.requestId !== requestId || entry.space !== space) continue;
    const { storeUuid, storeLocation } = entry;
    const isOfStore = remembered ? storeUuid === remembered.uuid : storeLocation === location;
    if (isOfStore && lives(entry, node)) return { entry, revision };
  }
  return undefined;
}

/** Whether an attachment's namespace is there, and no DEL of it waits. */
export function lives(
  { holder }: JournalEntry,
  node: Pick<Node, "keptReleases" | "namespaceState">,
): boolean {
  return node.namespaceState(holder) === "present" && node.keptReleases.of(holder.attachment) === undefined;
}

/** The record of a witness. */
export function witnessRef({ entry: { holder } }: LivingWitness) {
  return refTo.attachment(holder.node, holder.attachment);
}

/** For a transaction without a read: holds as long as the witness is what it was. */
export function guardOfWitness(witness: LivingWitness): Guard[] {
  return witness.revision === 0 ? [] : [{ ref: witnessRef(witness), revision: witness.revision }];
}
