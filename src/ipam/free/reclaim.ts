import { mayFree } from "../evidence/may-free.ts";
import { orDamaged, pastDamage } from "../integrity/damage.ts";
import type { JournalEntry, KeptRelease } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { AttachmentId } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { free } from "./free.ts";

/** How much one run of `reclaim` does. */
export interface ReclaimLimits {
  /** How many records it frees at most. */
  readonly records: number;
  /**
   * How many of the node's attachments it checks at most while none is dead; absent: all. Each run
   * checks other ones.
   */
  readonly look?: number;
  /** Also check the store's records, although a run has done so lately. */
  readonly sweep?: boolean;
  /** In milliseconds of performance.now(). */
  readonly deadline: number;
}

/** Longest wait for one attachment's lock, in milliseconds: its holder already works on the record. */
const LOCK_PATIENCE_MS = 50;
/** How often a node asks the store for records that its journal (gone at reboot) does not know. */
const SWEEP_SECONDS = 600;
const SWEEP = "sweep";

/**
 * Frees what this node's dead sandboxes hold, on EVIDENCE alone. Replays kept DELs. Then frees
 * attachments whose namespace is gone: first those of the journal, then (now and then) those that only
 * the store knows, as after a reboot.
 *
 * @returns how many attachments it freed. Never throws: a later run tries again what failed.
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

/** One attachment that this node may free, and how. Nothing changes before the caller calls `free`. */
export interface ReclaimStep {
  readonly node: string;
  readonly id: AttachmentId;
  /** ID of the ADD that it ends; absent where the DEL did not know it. */
  readonly requestId?: string;
  readonly because: "its DEL waited for the store" | "its network namespace is gone";
  /** Frees it in a guarded transaction. @returns false where there was nothing (left) to free. */
  readonly free: () => Promise<boolean>;
}

/**
 * Yields all that `reclaim` would free, in its order. One attachment may come more than once.
 *
 * @throws StoreFailure.
 */
export async function* reclaimSteps(
  ports: Ports,
  { deadline, look, sweep }: ReclaimLimits,
): AsyncGenerator<ReclaimStep> {
  const isBegun = asked(ports, deadline);
  for (const kept of ports.node.keptReleases.list()) {
    if (!(await isBegun())) break;
    const { node, attachment: id, requestId } = kept;
    const request = requestId === undefined ? {} : { requestId };
    const run = () => replay(kept, ports, deadline);
    yield { node, id, ...request, because: "its DEL waited for the store", free: run };
  }
  let dead = 0;
  for (const step of deadIn(ports.node.journal.list(look), ports, deadline)) {
    if (step.storeUuid !== "" && !(await isBegun())) break;
    dead++;
    yield step;
  }
  // Sandboxes end together: where one of some is dead, it pays to check all.
  if (look !== undefined && dead > 0) yield* deadIn(ports.node.journal.list(), ports, deadline);
  if (sweep === true || ports.node.due(SWEEP, SWEEP_SECONDS)) yield* sweepStore(ports, deadline);
}

/**
 * Whether the store has an identity, asked once. One that nobody has begun holds nothing of this node, so that
 * it proves nothing about what the node knows: that is in another store, which another verb will name.
 */
function asked({ store }: Ports, deadline: number): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  const ask = async () =>
    (await store.read({ refs: [refTo.meta] }, { deadline })).get(refTo.meta) !== undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

interface JournalStep extends ReclaimStep {
  /** "" where it was adopted without asking which store it is in. */
  readonly storeUuid: string;
}

/** Judges one entry after the other, as the caller goes on: some take a look at all processes. */
function* deadIn(entries: readonly JournalEntry[], ports: Ports, deadline: number): Generator<JournalStep> {
  for (const entry of entries) {
    if (!mayFree(entry.holder, ports)) continue;
    const { node, attachment: id, requestId } = entry.holder;
    const { storeUuid } = entry;
    yield { node, id, requestId, storeUuid, because: GONE, free: () => freeDead(entry, ports, deadline) };
  }
}

const GONE = "its network namespace is gone";

/** Makes the sweep due again where its caller stops before the end. */
async function* sweepStore(ports: Ports, deadline: number): AsyncGenerator<ReclaimStep> {
  let finished = false;
  try {
    for (const name of [ports.node.name, ...ports.node.formerNames()]) {
      const scope = { kind: "attachment", node: name } as const;
      for await (const { ref, record } of ports.store.list(scope, pastDamage({ deadline }, ports))) {
        const { node, id } = ref;
        const target = { node, id, requestId: record.holder.requestId };
        if (!mayFree(record.holder, ports)) continue;
        const run = () => lockedDead(id, ports, deadline, () => freeNow(target, ports, deadline));
        yield { ...target, because: GONE, free: run };
      }
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

/** The DEL did not know which ADD it ended. Only a dead namespace shows that no newer ADD has the record. */
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

/** Also cancels an ADD that is running in the dead namespace, as a DEL does. */
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
