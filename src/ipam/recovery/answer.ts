import { clusterOfRecords } from "../cluster-names.ts";
import { mayFree } from "../evidence/may-free.ts";
import { reclaim } from "../free/reclaim.ts";
import { remembering } from "../integrity/one-store.ts";
import { journalEntryOf, type LivingAttachment, livingOf } from "../journal-entry.ts";
import type { JournalEntry } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import {
  type MetaRecord,
  type NodeRecoveryRecord,
  RECORD_VERSION,
  type RecoveryConflict,
} from "../records.ts";
import { refTo } from "../ref-to.ts";
import { blockOfConflict, rewriteBlocks } from "../reserve/blocks.ts";
import { sameAttachment } from "../same.ts";
import type { CallOptions } from "../store-port.ts";
import { settleEvidence } from "./settle-evidence.ts";
import { type Written, writeLiving } from "./write-living.ts";

/** Further sources of what lives on this node, besides the journal. */
export interface FurtherEvidence {
  /** Attachments from the runtime's cache of results. Where the journal has one too, the journal counts. */
  readonly cached: () => Promise<readonly LivingAttachment[]>;
  /** UUIDs of other stores that this node uses, whose attachments are not written into this one. */
  readonly otherStores: () => Promise<ReadonlySet<string>>;
}

/** Longest wait for one attachment's lock, in milliseconds: an ADD that waits may hold it. */
const LOCK_PATIENCE_MS = 1_000;
/** How often this node checks whether pods are gone that a recovery knows by their status alone. */
const EVIDENCE_SECONDS = 60;

/**
 * Answers the last recovery of the store, if this node has not done so yet: frees its dead attachments
 * in the store, writes what its living ones hold, writes its answer, and uses the store from then on.
 * Each call tries conflicts again until they are gone.
 *
 * A call may end anywhere, and the next one continues: what is written stays, and the node accepts the
 * store last.
 *
 * @returns this node's new answer; undefined where there is no recovery, or nothing is left to answer.
 * @throws StoreFailure, IpamError.
 */
export async function answerRecovery(
  further: FurtherEvidence,
  ports: Ports,
  options: CallOptions,
): Promise<NodeRecoveryRecord | undefined> {
  const ref = answerRef(ports);
  const snapshot = await ports.store.read({ refs: [refTo.meta, ref] }, options);
  const meta = snapshot.get(refTo.meta)?.record;
  if (meta?.recovery === undefined || meta.version > RECORD_VERSION) return undefined;
  const said = snapshot.get(ref)?.record;
  const spaces = new Set(ports.node.storeMemory.spaces());
  if (said?.recovery === meta.recovery && said.conflicts.length === 0) {
    takeStore(meta, [...spaces, ...said.spaces], snapshot.revision, ports);
    if (ports.node.due(`evidence-${meta.uuid}`, EVIDENCE_SECONDS)) await settleEvidence(ports, options);
    return undefined;
  }
  const answersSeen = await countAnswers(meta.recovery, ports, options);
  await reclaim(ports, { records: Number.POSITIVE_INFINITY, deadline: options.deadline, sweep: true });
  const living = await livingHere(further, ports);
  const outcome = await writeAll(living, ports, options);
  for (const { record } of living) spaces.add(record.space);
  const answer: NodeRecoveryRecord = {
    version: RECORD_VERSION,
    recovery: meta.recovery,
    node: ports.node.name,
    ...clusterOfRecords(ports),
    attachments: living.length,
    ...outcome,
    written: outcome.written + (said?.recovery === meta.recovery ? said.written : 0),
    spaces: [...spaces].sort(),
    answersSeen,
    since: new Date().toISOString(),
  };
  const revision = await say(answer, ports, options);
  await unblock(answer, ports, options);
  takeStore(meta, answer.spaces, revision, ports);
  return answer;
}

/** Names node and cluster, because two clusters on one store may each have a node of this name. */
function answerRef({ node, clusterNames }: Ports) {
  return refTo.recovery(clusterNames === undefined ? node.name : `${node.name}@${clusterNames.name}`);
}

async function countAnswers(recovery: string, ports: Ports, options: CallOptions): Promise<number> {
  let count = 0;
  for await (const { record } of ports.store.list({ kind: "recovery" }, options))
    if (record.recovery === recovery) count++;
  return count;
}

/** The attachments of the journal that may live, and those that only the runtime's cache knows. */
async function livingHere(further: FurtherEvidence, ports: Ports): Promise<LivingAttachment[]> {
  const others = await further.otherStores();
  const entries = ports.node.journal
    .list()
    .filter((entry) => !others.has(entry.storeUuid) && livesHere(entry, ports));
  const known = entries.map(({ holder }) => holder.attachment);
  const cached = (await further.cached()).filter(
    ({ record }) =>
      !known.some((id) => sameAttachment(id, record.holder.attachment)) &&
      ports.node.keptReleases.of(record.holder.attachment) === undefined,
  );
  return [...entries.map(livingOf), ...cached];
}

/** False where the attachment's namespace is gone, or its DEL waits for the store. */
function livesHere({ holder }: JournalEntry, { node, ...ports }: Ports): boolean {
  if (mayFree(holder, { node, ...ports })) return false;
  const kept = node.keptReleases.of(holder.attachment);
  return kept === undefined || (kept.requestId !== undefined && kept.requestId !== holder.requestId);
}

async function writeAll(
  living: readonly LivingAttachment[],
  ports: Ports,
  options: CallOptions,
): Promise<{ written: number; conflicts: RecoveryConflict[] }> {
  let written = 0;
  const conflicts: RecoveryConflict[] = [];
  for (const each of living) {
    const outcome = await writeLocked(each, ports, options);
    if (outcome === "written") written++;
    else if (typeof outcome !== "string") conflicts.push(...outcome);
  }
  return { written, conflicts };
}

/** Writes one attachment under its lock. A DEL that came before wins: the journal entry is then gone. */
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
    if (now === undefined) ports.node.journal.write(journalEntryOf(living));
    return await writeLiving(now === undefined ? living : livingOf(now), ports, options);
  } finally {
    lock.release();
  }
}

async function say(answer: NodeRecoveryRecord, ports: Ports, options: CallOptions): Promise<number> {
  const outcome = await ports.store.commit(
    { guards: [], puts: [{ ref: answerRef(ports), record: answer }], deletes: [] },
    options,
  );
  return outcome.won ? outcome.revision : 0;
}

/** Removes the blocks of this node, except for the addresses that conflict. */
async function unblock(answer: NodeRecoveryRecord, ports: Ports, options: CallOptions): Promise<void> {
  const { name: node } = ports.node;
  for await (const { ref } of ports.store.list({ kind: "reservedRanges" }, options)) {
    const own = answer.conflicts
      .filter(({ space }) => space === ref.space)
      .map(({ address }) => blockOfConflict({ node, address }));
    await rewriteBlocks(
      ref.space,
      (blocks) => [...blocks.filter((block) => block.node !== node), ...own],
      ports,
      options,
    );
  }
}

/** Accepts the store as it is, for all later ADDs of this node (ONE-STORE). */
function takeStore(meta: MetaRecord, spaces: readonly string[], revision: number, ports: Ports): void {
  const { recovery } = meta;
  for (const space of new Set(spaces)) {
    const known = ports.node.storeMemory.recall(space);
    if (known?.uuid === meta.uuid && known.recovery === recovery) continue;
    ports.node.storeMemory.accept(space, remembering(meta, revision, ports));
  }
}
