import type { JournalEntry, Node } from "../node-port.ts";
import { lives } from "./living-witness.ts";

/** What tells of this node's own attachments. */
export type OwnRecords = Pick<Node, "name" | "journal" | "witnesses" | "keptReleases" | "namespaceState">;

/**
 * The living attachments of this node that the store has confirmed; the newest, which witnesses, last: who writes
 * them again leaves the evidence as long as anything is missing.
 */
export function confirmedHere(storeUuid: string, node: OwnRecords): JournalEntry[] {
  const entries = new Map<string, JournalEntry>();
  for (const { id, requestId } of node.witnesses.newest()) {
    const entry = node.journal.read(id);
    if (entry?.holder.requestId !== requestId || entry.storeUuid !== storeUuid) continue;
    if (lives(entry, node)) entries.set(requestId, entry);
  }
  return [...entries.values()].reverse();
}
