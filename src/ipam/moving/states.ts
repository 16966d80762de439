import { nextEpoch } from "../integrity/epoch.ts";
import { withFormer } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { readIdentity, replaceIdentity } from "../integrity/replace-identity.ts";
import { untilWon } from "../integrity/until-won.ts";
import type { MetaRecord } from "../records.ts";
import type { CallOptions, Store, Versioned } from "../store-port.ts";
import {
  changedMeanwhile,
  inUse,
  movedElsewhere,
  nameOf,
  nothingToMove,
  notReady,
  openAlready,
  takenBack,
} from "./refusals.ts";

/** Makes the deadline of one step anew: a whole move may take long. */
export type Step = () => CallOptions;

/** The two stores of a move. Of their identities at most one is ever "ready". */
export interface Pair {
  readonly source: Store;
  readonly target: Store;
}

/** A move that is under way. */
export interface UnderWay {
  readonly move: string;
  /** Revision of the target's identity, which all that is written there guards; undefined where it is open already. */
  readonly closedAt: number | undefined;
  /** The source gives out nothing any more. */
  readonly isStopped: boolean;
}

/**
 * Makes sure that the target can take the source's place, and gives it an identity that gives out nothing; joins a move
 * that was begun already. Whoever else goes on with that move can write no more. The source goes on.
 *
 * @throws IpamError where one of the stores is in a state that does not allow it; StoreFailure.
 */
export function beginMove({ source, target }: Pair, step: Step): Promise<UnderWay> {
  const by = crypto.randomUUID();
  return untilWon("begin the move", async () => {
    const from = await identityOf(source, step());
    const to = await readIdentity({ store: target }, step());
    const { isOpen, isNew, move } = moveOf(from.record, to?.record, { source, target });
    const isStopped = from.record.state === "moved";
    if (isOpen) return { move, closedAt: undefined, isStopped };
    if (to !== undefined && to.record.moved?.by === by) return { move, closedAt: to.revision, isStopped };
    // Of a move that was taken back a command may be left that is about to stop the source.
    if (isNew && !(await touch(from, source, step()))) return undefined;
    const moved = { move, copy: true as const, by, ...towards(source) };
    await replaceIdentity({ ...from.record, state: "moved", moved }, to, { store: target }, step());
    return undefined;
  });
}

/**
 * Stops the source: from then on no address is given out, and every release waits: each ADD guards the identity.
 *
 * @throws IpamError tryAgain where another command has gone on with the move or taken it back; StoreFailure.
 */
export function stopSource(
  { closedAt, move }: UnderWay,
  { source, target }: Pair,
  step: Step,
): Promise<void> {
  return untilWon("stop the source", async () => {
    // In this order: who takes a move back changes the target first, and the source then.
    const from = await identityOf(source, step());
    const to = await readIdentity({ store: target }, step());
    if (to?.revision !== closedAt) throw changedMeanwhile();
    if (from.record.state === "moved" && from.record.moved?.move === move) return true;
    if (from.record.state !== "ready") throw notReady(source, from.record);
    const moved = { move, ...towards(target) };
    const stopped: MetaRecord = { ...from.record, state: "moved", moved };
    return (await replaceIdentity(stopped, from, { store: source }, step())) || undefined;
  }).then(() => undefined);
}

interface Allowed {
  readonly move: string;
  readonly isOpen: boolean;
  /** Nobody has begun it. */
  readonly isNew: boolean;
}

/** Which move this is, where the two stores allow one. @throws IpamError */
function moveOf(from: MetaRecord, to: MetaRecord | undefined, { source, target }: Pair): Allowed {
  if (to !== undefined) refuseNewer(to.version, "the target's identity");
  if (to !== undefined && to.uuid !== from.uuid) throw inUse(target, to);
  const isOpen = to !== undefined && to.state !== "moved";
  const closed = to?.moved?.copy === true ? to.moved.move : undefined;
  if (from.state === "ready" && !isOpen) {
    if (closed !== undefined && !isTakenBack(closed)) return { move: closed, isOpen, isNew: false };
    return { move: crypto.randomUUID(), isOpen, isNew: true };
  }
  if (from.state !== "moved" || from.moved === undefined || from.moved.copy === true)
    throw isOpen ? inUse(target, to) : notReady(source, from);
  const { move } = from.moved;
  if (isOpen) {
    if (to.recovery === move) return { move, isOpen, isNew: false };
    throw inUse(target, to);
  }
  if (closed === takenBackMark(move)) throw takenBack();
  if (closed !== move) throw movedElsewhere(source, from);
  return { move, isOpen, isNew: false };
}

/**
 * Opens the target. Each node answers for its living attachments before it uses it, as after a recovery.
 *
 * @throws IpamError tryAgain where another command has changed one of the stores; StoreFailure.
 */
export async function openTarget({ closedAt, move }: UnderWay, pair: Pair, step: Step): Promise<void> {
  if (closedAt === undefined) return;
  const from = await identityOf(pair.source, step());
  if (from.record.moved?.move !== move) throw changedMeanwhile();
  const { moved: _, ...base } = from.record;
  const record: MetaRecord = {
    ...base,
    ...withFormer(base.formerRecoveries, base.recovery),
    state: "ready",
    recovery: move,
    epoch: nextEpoch(base),
  };
  await untilWon("open the target", async () => {
    const to = await readIdentity({ store: pair.target }, step());
    if (to?.record.state === "ready" && to.record.recovery === move) return true;
    // Whoever takes the move back changes the target first.
    if (to?.revision !== closedAt) throw changedMeanwhile();
    return (await replaceIdentity(record, to, { store: pair.target }, step())) || undefined;
  });
}

/**
 * Takes the move back: the source gives out addresses, as before or again.
 *
 * @returns false where there was none to take back.
 * @throws IpamError where the target is open already; StoreFailure.
 */
export function abortMove({ source, target }: Pair, step: Step): Promise<boolean> {
  let found = false;
  return untilWon("take the move back", async () => {
    const from = await identityOf(source, step());
    const to = await readIdentity({ store: target }, step());
    const { moved, ...base } = from.record;
    const isStopped = from.record.state === "moved" && moved !== undefined;
    const its = to?.record.uuid === base.uuid && to.record.moved?.copy === true ? to.record.moved : undefined;
    if (isStopped) {
      if (moved.copy === true) throw notReady(source, from.record);
      if (to?.record.state === "ready" && to.record.recovery === moved.move) throw openAlready(target);
      if (its?.move !== moved.move && its?.move !== takenBackMark(moved.move))
        throw movedElsewhere(source, from.record);
    } else if (from.record.state !== "ready" || its === undefined) return { found };
    if (to === undefined || its === undefined) return { found };
    // From here on nobody can open the target: its identity is another one than the command that copies has seen.
    if (!isTakenBack(its.move)) {
      const given: MetaRecord = { ...to.record, moved: { ...its, move: takenBackMark(its.move) } };
      if (!(await replaceIdentity(given, to, { store: target }, step()))) return undefined;
      found = true;
    }
    if (!isStopped) return (await touch(from, source, step())) ? { found } : undefined;
    found = true;
    const ready: MetaRecord = { ...base, state: "ready" };
    return (await replaceIdentity(ready, from, { store: source }, step())) ? { found } : undefined;
  }).then((done) => done.found);
}

const MARK = " taken back";

function takenBackMark(move: string): string {
  return `${move}${MARK}`;
}

function isTakenBack(move: string): boolean {
  return move.endsWith(MARK);
}

/** Changes an identity in nothing but its epoch: whoever is about to replace what he has read before fails. */
function touch(
  { record, revision }: Versioned<MetaRecord>,
  store: Store,
  options: CallOptions,
): Promise<boolean> {
  return replaceIdentity({ ...record, epoch: nextEpoch(record) }, { revision }, { store }, options);
}

/** A store's identity. @throws IpamError where it has none, or a newer program wrote it. */
async function identityOf(store: Store, options: CallOptions): Promise<Versioned<MetaRecord>> {
  const present = await readIdentity({ store }, options);
  if (present === undefined) throw nothingToMove(store);
  refuseNewer(present.record.version, "the store's identity");
  return present;
}

function towards(store: Store): { readonly to: string; readonly since: string } {
  return { to: nameOf(store), since: new Date().toISOString() };
}
