import { forgetForeseen, learn } from "../foresee/foresee.ts";
import { learnNamed } from "../foresee/foresee-named.ts";
import { tellNearby } from "../foresee/nearby.ts";
import { rememberStore, type Standing } from "../integrity/identity.ts";
import { journalEntryOf, storeOf } from "../journal-entry.ts";
import { revisionIn } from "../revision-in.ts";
import { type Outcome, StoreFailure, type Transaction } from "../store-port.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { report } from "../view/report.ts";
import { ownRef, type View, viewOf } from "../view/view.ts";
import { answer } from "./answer.ts";
import { tellDrift } from "./network-drift.ts";
import { prepare } from "./prepare.ts";
import { handOnShare, inTurnOfShare } from "./quota.ts";
import { reservedFor } from "./reserved-for.ts";
import { AGAIN, type Step } from "./step.ts";
import type { Allocating } from "./transaction.ts";
import { undoUnlessNewer, undoUnlessWanted } from "./undo-unless.ts";

/**
 * Commits the one transaction of an ADD. The invariants rest on the order of its steps:
 *
 * 1. It puts together all guards and writes first, so that nothing is left to read later.
 * 2. It writes the journal before the store, so that a process that dies right after the commit leaves
 *    an entry to reclaim by.
 * 3. It remembers a new store on the node before it first writes to that store (ONE-STORE). Only then may
 *    other ADDs of this process go by what it has read.
 * 4. It checks just before the commit, and again just after it, that the ADD is still wanted: a runtime
 *    that gives up leaves this process running, and its DEL may come at any time.
 * 5. Only then does it report and answer.
 *
 * @throws IpamError or StoreFailure. This request has then allocated nothing, or its journal entry
 *   leads to what it allocated.
 */
export function commit(attempt: Attempt, view: View, candidates: readonly Candidate[]): Promise<Step> {
  return inTurnOfShare(attempt, () => commitNow(attempt, view, candidates));
}

async function commitNow(attempt: Attempt, view: View, candidates: readonly Candidate[]): Promise<Step> {
  const allocating = await prepare(attempt, view, candidates);
  if (!noteInJournal(attempt, view, candidates, allocating)) return AGAIN;
  rememberBeforeFirstUse(attempt, view, allocating);
  learn(attempt, view);
  requireStillWanted(attempt);
  const outcome = await resolved(attempt, allocating.transaction);
  tellNearby(attempt, view, candidates, outcome.won ? { won: outcome.revision } : "lost");
  handOnShare(attempt, view, allocating.transaction, outcome);
  if (!outcome.won) return lost(attempt, view, outcome);
  await undoUnlessNewer(attempt, view, outcome);
  rememberAfter(attempt, allocating, outcome);
  await undoUnlessWanted(attempt);
  learnNamed(attempt, view, candidates, allocating.transaction, outcome);
  reportHandOvers(attempt, candidates);
  for (const message of allocating.told) {
    attempt.ports.log("info", message);
    report(attempt, { what: "replaced", message });
  }
  const { drift, record } = allocating;
  const revision = revisionIn(outcome, ownRef(attempt));
  if (drift !== undefined) await tellDrift(attempt, drift);
  return { kind: "allocated", allocated: answer(attempt, { record, revision }, false) };
}

/**
 * Writes the journal entry. A foreseen ADD, which read nothing, only begins an entry: an attachment that
 * has one may have addresses already.
 *
 * @returns false where a foreseen ADD found an entry; the ADD must then read the store.
 */
function noteInJournal(
  attempt: Attempt,
  { foreseen }: View,
  candidates: readonly Candidate[],
  { record, store }: Allocating,
): boolean {
  const { node, store: at } = attempt.ports;
  const { journal } = node;
  const reserved = reservedFor(attempt, candidates);
  const entry = journalEntryOf({ record, ...(reserved && { reservedFor: reserved }) }, storeOf(store, at));
  if (foreseen !== undefined) return journal.begin(entry);
  journal.write(entry);
  return true;
}

function rememberBeforeFirstUse({ ports, request }: Attempt, view: View, { store }: Allocating): void {
  if (view.meta === undefined || view.remembered !== undefined) return;
  rememberStore(request.network.space, store, view.snapshot, ports);
}

/** A failure after the commit only leaves an older memory: the ADD stands. */
function rememberAfter({ ports, request }: Attempt, { store }: Allocating, standing: Standing): void {
  try {
    rememberStore(request.network.space, store, standing, ports);
  } catch (failure) {
    ports.log("error", "could not write down which store this node uses", { reason: String(failure) });
  }
}

/**
 * RESOLVED: an unknown outcome counts as lost, and the next read finds this request's own ID. A
 * transaction that surely did not happen leaves the journal, or a recovery would take it for held.
 */
async function resolved(attempt: Attempt, transaction: Transaction): Promise<Outcome> {
  const { ports, request, requestId } = attempt;
  const withdraw = () => ports.node.journal.remove(request.attachment, requestId);
  try {
    const outcome = await ports.store.commit(transaction, attempt.options);
    if (!outcome.won) withdraw();
    return outcome;
  } catch (failure) {
    if (!(failure instanceof StoreFailure)) throw failure;
    if (failure.kind === "unknown-outcome") return { won: false };
    withdraw();
    // It lost, and what it asked for instead cannot be read: the next read tells what matters of that.
    if (failure.kind === "damaged") return { won: false };
    throw failure;
  }
}

/** Another ADD was quicker. The store may have answered with a new view. */
function lost(attempt: Attempt, view: View, { snapshot }: Extract<Outcome, { won: false }>): Step {
  forgetForeseen(attempt, view);
  return snapshot === undefined ? AGAIN : { kind: "again", view: viewOf(attempt, view, snapshot) };
}

function reportHandOvers(attempt: Attempt, candidates: readonly Candidate[]): void {
  for (const { address, evictions } of candidates) {
    const from = evictions.map(({ holder }) => holder);
    if (from.length > 0) report(attempt, { what: "handed-over", address, from });
  }
}
