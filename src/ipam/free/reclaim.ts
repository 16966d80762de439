import { orDamaged, pastDamage } from "../integrity/damage.ts";
import type { JournalEntry, KeptRelease } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { mayFree } from "./collect.ts";
import { free } from "./free.ts";

export interface ReclaimLimits {
  /** At most so many records are freed. */
  readonly records: number;
  /** At most so many of the node's attachments are looked at while none is dead; absent: all. Runs take turns. */
  readonly look?: number;
  /** Look through the store's records too, although that was done lately. */
  readonly sweep?: boolean;
  /** performance.now() milliseconds. */
  readonly deadline: number;
}

/** How long one attachment's lock is waited for: whoever holds it works on the record already. */
const LOCK_PATIENCE_MS = 50;
/** How often a node asks the store for records that its journal (gone at reboot) does not know. */
const SWEEP_SECONDS = 600;
const SWEEP = "sweep";

/**
 * Frees what this node's dead sandboxes hold, on EVIDENCE alone: kept DELs are replayed, then
 * attachments whose namespace is gone are freed, first those of the journal, then (now and then)
 * those that only the store knows, as after a reboot.
 *
 * @returns how many attachments were freed. Never throws: what fails now is tried again later.
 */
export async function reclaim(ports: Ports, limits: ReclaimLimits): Promise<number> {
  let freed = 0;
  try {
    for await (const { free: attempt } of reclaimSteps(ports, limits)) {
      if (freed >= limits.records || performance.now() >= limits.deadline) break;
      if (await orDamaged(attempt, false, ports)) freed++;
    }
  } catch (failure) {
    ports.log("debug", "reclaiming stopped early", { reason: String(failure) });
  }
  return freed;
}

/** One attachment that this node may free, and how; nothing is done before `free` is called. */
export interface ReclaimStep {
  readonly node: string;
  readonly id: AttachmentId;
  /** The ADD that is meant; absent where the DEL did not know it. */
  readonly requestId?: string;
  readonly because: "its DEL waited for the store" | "its network namespace is gone";
  /** Frees it, guarded as ever. @returns false where there was nothing (left) to free. */
  readonly free: () => Promise<boolean>;
}

/** All that `reclaim` would free, in its order; one attachment may be told of more than once. */
export async function* reclaimSteps(
  ports: Ports,
  { deadline, look, sweep }: ReclaimLimits,
): AsyncGenerator<ReclaimStep> {
  for (const kept of ports.node.keptReleases.list()) {
    const { node, attachment: id, requestId } = kept;
    const request = requestId === undefined ? {} : { requestId };
    const run = () => replay(kept, ports, deadline);
    yield { node, id, ...request, because: "its DEL waited for the store", free: run };
  }
  const some = deadIn(ports.node.journal.list(look), ports, deadline);
  yield* some;
  // Sandboxes end together: where a look at some finds a dead one, it pays to look at all.
  if (look !== undefined && some.length > 0) yield* deadIn(ports.node.journal.list(), ports, deadline);
  if (sweep === true || ports.node.due(SWEEP, SWEEP_SECONDS)) yield* sweepStore(ports, deadline);
}

function deadIn(entries: readonly JournalEntry[], ports: Ports, deadline: number): ReclaimStep[] {
  return entries
    .filter(({ holder }) => mayFree(holder, ports))
    .map((entry) => {
      const { node, attachment: id, requestId } = entry.holder;
      return { node, id, requestId, because: GONE, free: () => freeDead(entry, ports, deadline) };
    });
}

const GONE = "its network namespace is gone";

/** Whoever stops before its end leaves the rest to the next run. */
async function* sweepStore(ports: Ports, deadline: number): AsyncGenerator<ReclaimStep> {
  let finished = false;
  try {
    const scope = { kind: "attachment", node: ports.node.name } as const;
    for await (const { ref, record } of ports.store.list(scope, pastDamage({ deadline }, ports))) {
      const { node, id } = ref;
      const target = { node, id, requestId: record.holder.requestId };
      if (!mayFree(record.holder, ports)) continue;
      const run = () => lockedDead(id, ports, deadline, () => freeNow(target, ports, deadline));
      yield { ...target, because: GONE, free: run };
    }
    finished = true;
  } finally {
    if (!finished) ports.node.makeDue(SWEEP);
  }
}

async function replay(kept: KeptRelease, ports: Ports, deadline: number): Promise<boolean> {
  const { node, attachment: id, requestId } = kept;
  if (requestId === undefined) return replayUnknown(kept, ports, deadline);
  return locked(id, ports, deadline, async () => {
    if (ports.node.keptReleases.of(id)?.requestId !== requestId) return false;
    const freed = await freeNow({ node, id, requestId }, ports, deadline);
    ports.node.keptReleases.drop(id);
    return freed;
  });
}

/** The DEL did not know which ADD it ended: only a dead namespace tells that nothing newer is meant. */
async function replayUnknown(kept: KeptRelease, ports: Ports, deadline: number): Promise<boolean> {
  const { node, attachment: id } = kept;
  const ref = refTo.attachment(node, id);
  return locked(id, ports, deadline, async () => {
    const entry = (await ports.store.read({ refs: [ref] }, { deadline })).get(ref)?.record;
    if (entry !== undefined && !mayFree(entry.holder, ports)) return false;
    const freed =
      entry !== undefined &&
      (await freeNow({ node, id, requestId: entry.holder.requestId }, ports, deadline));
    ports.node.keptReleases.drop(id);
    return freed;
  });
}

function freeDead(entry: JournalEntry, ports: Ports, deadline: number): Promise<boolean> {
  const { attachment: id, node, requestId } = entry.holder;
  const expected = { space: entry.space, addresses: entry.addresses };
  return lockedDead(id, ports, deadline, () => freeNow({ node, id, requestId, expected }, ports, deadline));
}

async function freeNow(target: Parameters<typeof free>[0], ports: Ports, deadline: number): Promise<boolean> {
  const freed = await free(target, 0, ports, { deadline });
  if (target.requestId !== undefined) ports.node.journal.remove(target.id, target.requestId);
  if (freed !== undefined)
    ports.log("info", "reclaimed a dead sandbox's addresses", { ...target.id, addresses: freed.addresses });
  return freed !== undefined;
}

type Work = () => Promise<boolean>;

/** An ADD under way in a dead namespace has lost its purpose: it is cancelled as by a DEL. */
function lockedDead(id: AttachmentId, ports: Ports, deadline: number, work: Work): Promise<boolean> {
  return locked(id, ports, deadline, work, true);
}

async function locked(
  id: AttachmentId,
  ports: Ports,
  deadline: number,
  work: Work,
  cancelling = false,
): Promise<boolean> {
  const patience = Math.min(deadline, performance.now() + LOCK_PATIENCE_MS);
  const lock = await ports.node.lock(id, { deadline: patience, cancelling }).catch(() => undefined);
  if (lock === undefined) return false;
  try {
    return await work();
  } finally {
    lock.release();
  }
}
