import { clusterOfRecords } from "../cluster-names.ts";
import { mayFree } from "../evidence/may-free.ts";
import { reclaim } from "../free/reclaim.ts";
import { remembering, type Standing, withFormer } from "../integrity/identity.ts";
import { lookAtStore } from "../integrity/look.ts";
import { type LivingAttachment, livingOf } from "../journal-entry.ts";
import type { JournalEntry } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import { type MetaRecord, type NodeRecoveryRecord, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { blockOfConflict, rewriteBlocks } from "../reserve/blocks.ts";
import { sameAttachment } from "../same.ts";
import type { CallOptions } from "../store-port.ts";
import { settleEvidence } from "./settle-evidence.ts";
import { type Known, writeAll } from "./write-locked.ts";
import { lostHere } from "./write-missing.ts";

/** Further sources of what lives on this node, besides the journal. */
export interface FurtherEvidence {
  /** Attachments from the runtime's cache of results. Where the journal has one too, the journal counts. */
  readonly cached: () => Promise<readonly LivingAttachment[]>;
  /** UUIDs of other stores that this node uses, whose attachments are not written into this one. */
  readonly otherStores: () => Promise<ReadonlySet<string>>;
}

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
  if (meta.state === "suspect" || meta.state === "moved") return undefined;
  const said = isTrusted(meta, ports) ? snapshot.get(ref)?.record : undefined;
  const spaces = new Set(ports.node.storeMemory.spaces());
  const isSaid = said?.recovery === meta.recovery && said.conflicts.length === 0;
  // In a store that was thrown back, an old answer proves nothing, and a new one would hide the evidence.
  if (!isSaid || meta.state === "recovering") await lookAtStore(ports, options);
  if (isSaid && (meta.state === "ready" || (await lostHere(meta.uuid, ports, options)).length === 0)) {
    takeStore(meta, [...spaces, ...said.spaces], snapshot, ports);
    await settleLeft(meta, ports, options);
    return undefined;
  }
  const answersSeen = await countAnswers(meta.recovery, ports, options);
  await reclaim(ports, { records: Number.POSITIVE_INFINITY, deadline: options.deadline, sweep: true });
  const living = await livingHere(further, ports);
  const { standing, ...outcome } = await writeAll(living, ports, {
    ...options,
    contests: true,
    identity: meta,
  });
  for (const { record } of living.map((each) => each.living)) spaces.add(record.space);
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
  const { lineage } = snapshot;
  takeStore(meta, answer.spaces, { revision, ...(lineage !== undefined && { lineage }) }, ports);
  // An answer that is tried again, because of a conflict, confirms nothing new unless it wrote something.
  if (said?.recovery !== meta.recovery || outcome.written > 0)
    ports.node.witnesses.note(standing.map((each) => ({ ...each, revision })));
  return answer;
}

/** A recovery adds none after it has ended: where none is left, nobody lists this node's records for it again. */
async function settleLeft(
  { uuid, recovery, state }: MetaRecord,
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const settled = `evidence-settled-${recovery}`;
  const { cursors } = ports.node;
  if (cursors.read(settled) !== undefined || !ports.node.due(`evidence-${uuid}`, EVIDENCE_SECONDS)) return;
  if ((await settleEvidence(ports, options)) && state === "ready") cursors.advance(settled, () => 1n);
}

/**
 * False where the store may have an answer of this node from before it was thrown back, or the node does not
 * remember that it has answered.
 */
function isTrusted({ uuid, recovery }: MetaRecord, { node: { storeMemory } }: Ports): boolean {
  const known = storeMemory.spaces().map((space) => storeMemory.recall(space));
  const ofStore = known.filter((each) => each?.uuid === uuid);
  return ofStore.length > 0 && ofStore.every((each) => each?.recovery === recovery);
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
async function livingHere(further: FurtherEvidence, ports: Ports): Promise<Known[]> {
  const others = await further.otherStores();
  const entries = ports.node.journal
    .list()
    .filter((entry) => !others.has(entry.storeUuid) && livesHere(entry, ports));
  const journaled = entries.map((entry) => ({ living: livingOf(entry), journaled: true }));
  const known = entries.map(({ holder }) => holder.attachment);
  const cached = (await further.cached()).filter(
    ({ record }) =>
      !known.some((id) => sameAttachment(id, record.holder.attachment)) &&
      ports.node.keptReleases.of(record.holder.attachment) === undefined,
  );
  return [...journaled, ...cached.map((living) => ({ living, journaled: false }))];
}

/** False where the attachment's namespace is gone, or its DEL waits for the store. */
function livesHere({ holder }: JournalEntry, { node, ...ports }: Ports): boolean {
  if (mayFree(holder, { node, ...ports })) return false;
  const kept = node.keptReleases.of(holder.attachment);
  return kept === undefined || (kept.requestId !== undefined && kept.requestId !== holder.requestId);
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
function takeStore(meta: MetaRecord, spaces: readonly string[], standing: Standing, ports: Ports): void {
  for (const space of new Set(spaces)) {
    const known = ports.node.storeMemory.recall(space);
    if (known?.uuid === meta.uuid && known.recovery === meta.recovery) continue;
    const former = [...(known?.formerRecoveries ?? []), known?.recovery];
    ports.node.storeMemory.accept(space, {
      ...remembering(meta, standing, ports),
      ...withFormer(meta.formerRecoveries, ...former),
    });
  }
}
