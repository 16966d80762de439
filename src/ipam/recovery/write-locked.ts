import { takeNotice } from "../integrity/released.ts";
import { journalEntryOf, type LivingAttachment, livingOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { RecoveryConflict } from "../records.ts";
import type { CallOptions } from "../store-port.ts";
import { type Written, writeLiving } from "./write-living.ts";

/** Longest wait for one attachment's lock, in milliseconds: an ADD that waits may hold it. */
const LOCK_PATIENCE_MS = 1_000;

/** What came of writing several attachments. */
export interface WrittenAll {
  /** How many the store lacked. */
  readonly written: number;
  readonly conflicts: readonly RecoveryConflict[];
}

/** Writes living attachments, one after the other. @throws StoreFailure, IpamError; what is written stays. */
export async function writeAll(
  living: readonly LivingAttachment[],
  ports: Ports,
  options: CallOptions,
): Promise<WrittenAll> {
  let written = 0;
  const conflicts: RecoveryConflict[] = [];
  for (const each of living) {
    const outcome = await writeLocked(each, ports, options);
    if (outcome === "written") written++;
    else if (typeof outcome !== "string") conflicts.push(...outcome);
  }
  return { written, conflicts };
}

/**
 * Writes one living attachment under its lock. A DEL that came before wins: the journal entry is then gone.
 * So does whoever freed it from elsewhere, and said so (`ReleasedRecord`): the node forgets it then.
 *
 * @throws StoreFailure, IpamError tryAgain.
 */
async function writeLocked(
  living: LivingAttachment,
  ports: Ports,
  options: CallOptions,
): Promise<Written | "ended"> {
  const { attachment: id } = living.record.holder;
  const before = ports.node.journal.read(id)?.holder.requestId;
  const deadline = Math.min(options.deadline, performance.now() + LOCK_PATIENCE_MS);
  const lock = await ports.node.lock(id, { deadline, cancelling: false });
  try {
    const now = ports.node.journal.read(id);
    if (now === undefined && before !== undefined) return "ended";
    if (now !== undefined && (await takeNotice(now.holder, ports, options))) return "ended";
    if (now === undefined) ports.node.journal.write(journalEntryOf(living));
    return await writeLiving(now === undefined ? living : livingOf(now), ports, options);
  } finally {
    lock.release();
  }
}
