import { takeNotice } from "../integrity/released.ts";
import { journalEntryOf, type LivingAttachment, livingOf, storeOf } from "../journal-entry.ts";
import type { JournalEntry, Witness } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord, RecoveryConflict } from "../records.ts";
import type { CallOptions } from "../store-port.ts";
import { type Written, writeLiving } from "./write-living.ts";

/** Longest wait for one attachment's lock, in milliseconds: an ADD that waits may hold it. */
const LOCK_PATIENCE_MS = 1_000;

/** What came of writing several attachments. */
export interface WrittenAll {
  /** How many the store lacked. */
  readonly written: number;
  readonly conflicts: readonly RecoveryConflict[];
  /** Those that the store has now. */
  readonly standing: readonly Omit<Witness, "revision">[];
}

/** A living attachment, and how the node knows of it. */
export interface Known {
  readonly living: LivingAttachment;
  /** False where only the runtime's cache has it. */
  readonly journaled: boolean;
}

/** How living attachments are written. */
export interface Writing extends CallOptions {
  /** What another one has is contested from now on: it is told, and proves nothing any more (`JournalEntry`). */
  readonly contests: boolean;
  /** Of the store: what stands in it is confirmed by it from now on, whichever store its ADD wrote. */
  readonly identity: Pick<MetaRecord, "uuid">;
}

/** Writes living attachments, one after the other. @throws StoreFailure, IpamError; what is written stays. */
export async function writeAll(all: readonly Known[], ports: Ports, options: Writing): Promise<WrittenAll> {
  let written = 0;
  const conflicts: RecoveryConflict[] = [];
  const standing: WrittenAll["standing"][number][] = [];
  for (const each of all) {
    const { outcome, entry } = await writeLocked(each, ports, options);
    if (outcome === "written") written++;
    if (typeof outcome !== "string") conflicts.push(...outcome);
    else if (entry !== undefined) {
      const { attachment: id, requestId } = entry.holder;
      standing.push({ space: entry.space, id, requestId });
    }
  }
  return { written, conflicts, standing };
}

/**
 * Writes one living attachment under its lock. A DEL that came before wins: the journal entry is then gone.
 * So does whoever freed it from elsewhere, and said so (`ReleasedRecord`): the node forgets it then.
 *
 * @throws StoreFailure, IpamError tryAgain.
 */
async function writeLocked(
  { living, journaled }: Known,
  ports: Ports,
  options: Writing,
): Promise<{ readonly outcome: Written | "ended"; readonly entry?: JournalEntry }> {
  const { attachment: id } = living.record.holder;
  const deadline = Math.min(options.deadline, performance.now() + LOCK_PATIENCE_MS);
  const lock = await ports.node.lock(id, { deadline, cancelling: false });
  try {
    const now = ports.node.journal.read(id);
    if (now === undefined && journaled) return ENDED;
    const entry = now ?? journalEntryOf(living);
    if (now === undefined) ports.node.journal.write(entry);
    const outcome = await writeLiving(livingOf(entry), ports, options);
    if (outcome === "freed") {
      await takeNotice(entry.holder, ports, options);
      return ENDED;
    }
    const contested = typeof outcome !== "string";
    if (contested && lock.interrupted) {
      // A DEL that was killed had freed it.
      ports.node.journal.remove(id, entry.holder.requestId);
      return ENDED;
    }
    const said = contested ? contesting(entry, options) : confirmed(entry, options, ports);
    if (!Bun.deepEquals(said, entry)) ports.node.journal.write(said);
    return { outcome, entry };
  } finally {
    lock.release();
  }
}

const ENDED = { outcome: "ended" } as const;

function contesting(entry: JournalEntry, { contests }: Writing): JournalEntry {
  return contests ? { ...entry, contested: true } : entry;
}

/** A witness of the store that has it now (`livingWitness`). */
function confirmed(
  { contested: _, ...entry }: JournalEntry,
  { identity }: Writing,
  ports: Pick<Ports, "store">,
): JournalEntry {
  return { ...entry, ...storeOf(identity, ports.store) };
}
