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

/** A move that is under way: the source gives out nothing any more. */
export interface UnderWay {
  readonly move: string;
  /** Revision of the target's identity, which all that is written there guards; undefined where it is open already. */
  readonly closedAt: number | undefined;
}

/**
 * Stops the source, after it has made sure that the target can take its place; joins a move that was begun already.
 * From then on no address is given out, and every release waits: each ADD guards the identity.
 *
 * @throws IpamError where one of the stores is in a state that does not allow it; StoreFailure.
 */
export function beginMove({ source, target }: Pair, step: Step): Promise<UnderWay> {
  return untilWon("begin the move", async () => {
    const from = await identityOf(source, step());
    const to = await readIdentity({ store: target }, step());
    const move = moveOf(from.record, to?.record, { source, target });
    if (to !== undefined && to.record.state !== "moved") return { move, closedAt: undefined };
    if (to?.record.moved?.move !== move) {
      const moved = { move, copy: true as const, ...towards(source) };
      const closed: MetaRecord = { ...from.record, state: "moved", moved };
      if (!(await replaceIdentity(closed, to, { store: target }, step()))) return undefined;
    }
    if (from.record.state === "ready") {
      const stopped: MetaRecord = { ...from.record, state: "moved", moved: { move, ...towards(target) } };
      if (!(await replaceIdentity(stopped, from, { store: source }, step()))) return undefined;
    }
    const now = await readIdentity({ store: target }, step());
    return now?.record.moved?.move === move ? { move, closedAt: now.revision } : undefined;
  });
}

/** Which move this is, where the two stores allow one. @throws IpamError */
function moveOf(from: MetaRecord, to: MetaRecord | undefined, { source, target }: Pair): string {
  if (to !== undefined) refuseNewer(to.version, "the target's identity");
  if (to !== undefined && to.uuid !== from.uuid) throw inUse(target, to);
  const isOpen = to !== undefined && to.state !== "moved";
  if (from.state === "ready" && !isOpen) return crypto.randomUUID();
  if (from.state !== "moved" || from.moved === undefined || from.moved.copy === true)
    throw isOpen ? inUse(target, to) : notReady(source, from);
  const { move } = from.moved;
  if (isOpen) {
    if (to.recovery === move) return move;
    throw inUse(target, to);
  }
  if (to?.moved?.move === takenBackMark(move)) throw takenBack();
  if (to?.moved?.move !== move || to.moved.copy !== true) throw movedElsewhere(source, from);
  return move;
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
 * Takes the move back: the source gives out addresses again.
 *
 * @returns false where there was none to take back.
 * @throws IpamError where the target is open already; StoreFailure.
 */
export function abortMove({ source, target }: Pair, step: Step): Promise<boolean> {
  let found = false;
  return untilWon("take the move back", async () => {
    const from = await identityOf(source, step());
    const { moved, ...base } = from.record;
    if (from.record.state === "ready" || moved === undefined) return { found };
    found = true;
    if (moved.copy === true) throw notReady(source, from.record);
    const to = await readIdentity({ store: target }, step());
    if (to?.record.state === "ready" && to.record.recovery === moved.move) throw openAlready(target);
    if (to?.record.uuid !== base.uuid || to.record.moved?.copy !== true)
      throw movedElsewhere(source, from.record);
    const mark = takenBackMark(moved.move);
    const its = to.record.moved;
    if (its.move !== mark && its.move !== moved.move) throw movedElsewhere(source, from.record);
    // From here on nobody can open the target: its identity is another one than the command that copies has seen.
    const given: MetaRecord = { ...to.record, moved: { ...its, move: mark } };
    if (its.move !== mark && !(await replaceIdentity(given, to, { store: target }, step()))) return undefined;
    const ready: MetaRecord = { ...base, state: "ready" };
    return (await replaceIdentity(ready, from, { store: source }, step())) ? { found } : undefined;
  }).then((done) => done.found);
}

function takenBackMark(move: string): string {
  return `${move} taken back`;
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
