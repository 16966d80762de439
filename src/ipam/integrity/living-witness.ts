import { locationOf } from "../journal-entry.ts";
import type { JournalEntry, Node, RememberedStore, Witness, Witnesses } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentRecord } from "../records.ts";
import { likelyOf, refTo } from "../ref-to.ts";
import type { Guard, Snapshot } from "../store-port.ts";

/** The newest holding of this node, which a store that was not thrown back still has. */
export interface LivingWitness {
  readonly entry: JournalEntry;
  /** Revision of its record; 0 where it is not known. */
  readonly revision: number;
}

/** So many ADDs may end in another order than that of their commits. */
const OUT_OF_ORDER = 32;

/**
 * The newest holding of this node in a space of this store whose namespace is there, and which no DEL has
 * ended. Undefined where there is none.
 *
 * @param remembered the store that the node has used for the space, where it knows.
 * @param mayBe false for one that is not meant.
 */
export function livingWitness(
  space: string,
  remembered: RememberedStore | undefined,
  { node, store }: Pick<Ports, "node" | "store">,
  mayBe: (witness: Witness) => boolean = () => true,
): LivingWitness | undefined {
  const location = locationOf(store.description);
  for (const witness of newestFirst(node.witnesses)) {
    const { space: of, id, requestId, revision } = witness;
    if (of !== space || !mayBe(witness)) continue;
    const entry = node.journal.read(id);
    if (entry?.holder.requestId !== requestId || entry.space !== space || entry.contested) continue;
    const { storeUuid, storeLocation } = entry;
    const isOfStore = remembered ? storeUuid === remembered.uuid : storeLocation === location;
    if (isOfStore && lives(entry, node)) return { entry, revision };
  }
  return undefined;
}

/** In the order of their commits: ADDs that ran at once may have been noted in another one. */
function* newestFirst(witnesses: Witnesses): Generator<Witness> {
  const seen = new Set<string>();
  let some: Witness[] = [];
  for (const witness of witnesses.newest()) {
    // A recovery notes again what it found standing: what was noted before that is of no account.
    const { size } = seen;
    if (seen.add(witness.requestId).size === size) continue;
    some.push(witness);
    if (some.length < OUT_OF_ORDER) continue;
    yield* some.sort(byRevision);
    some = [];
  }
  yield* some.sort(byRevision);
}

function byRevision(a: Witness, b: Witness): number {
  return b.revision - a.revision;
}

/** Whether an attachment's namespace is there, and no DEL of it waits. */
export function lives(
  { holder }: JournalEntry,
  node: Pick<Node, "keptReleases" | "namespaceState">,
): boolean {
  return node.namespaceState(holder) === "present" && node.keptReleases.of(holder.attachment) === undefined;
}

/** Whether an attachment lives that no later ADD has written again. */
export function stands(entry: JournalEntry, node: Pick<Node, "journal" | "keptReleases" | "namespaceState">) {
  const { attachment, requestId } = entry.holder;
  return node.journal.read(attachment)?.holder.requestId === requestId && lives(entry, node);
}

/** The record of a witness. */
export function witnessRef({ entry }: LivingWitness) {
  const { addresses, holder, space } = entry;
  return refTo.attachment(holder.node, holder.attachment, likelyOf({ space, addresses }));
}

/** Whether the store has a witness, and not an earlier state of the same attachment. */
export function hasWitness(witness: LivingWitness, snapshot: Snapshot): boolean {
  const found = snapshot.get(witnessRef(witness));
  return found !== undefined && isSameState(found.record, witness.entry);
}

/** Whether the ADD that wrote the journal's entry also wrote the record. */
export function isSameState(record: AttachmentRecord, entry: JournalEntry): boolean {
  return record.holder.requestId === entry.holder.requestId && isOf(record, entry);
}

/** Whether a record is of what the journal says, and not of an earlier life of the same attachment. */
export function isOf(record: AttachmentRecord, entry: JournalEntry): boolean {
  return record.space === entry.space && record.addresses.join() === entry.addresses.join();
}

/** For a transaction without a read: holds as long as the witness is what it was. */
export function guardOfWitness(witness: LivingWitness): Guard[] {
  return [{ ref: witnessRef(witness), revision: witness.revision }];
}
