import { forgetForeseen, guardsOfForeseen, learn } from "../foresee/foresee.ts";
import { learnNamed } from "../foresee/foresee-named.ts";
import { free } from "../free/free.ts";
import { type Identity, rememberStore, requireNewer } from "../integrity/one-store.ts";
import { type Guard, type Outcome, type Put, StoreFailure, type Transaction } from "../store-port.ts";
import { type Attempt, requireStillWanted } from "../view/attempt.ts";
import type { Pick } from "../view/pick.ts";
import { depict, type Picture } from "../view/picture.ts";
import { tell } from "../view/tell.ts";
import { answer } from "./answer.ts";
import { recordNetwork } from "./drift.ts";
import { claimShare } from "./quota.ts";
import { AGAIN, type Round } from "./round.ts";
import { type Allocating, allocating } from "./transaction.ts";
import { beginJournal, reservedFor, writeJournal } from "./write-journal.ts";

/**
 * The one transaction of an ADD, with what must hold before and after it: the journal knows of it
 * before, and an ADD that nobody wants any more takes it back after.
 *
 * @throws IpamError or StoreFailure; then this request has allocated nothing, or its journal's entry
 *   says where to look.
 */
export async function commit(attempt: Attempt, picture: Picture, picks: readonly Pick[]): Promise<Round> {
  const {
    ports,
    request: { network },
  } = attempt;
  const further = [
    await recordNetwork(attempt, picture),
    await claimShare(attempt, picks),
    { guards: guardsOfForeseen(attempt, picture), puts: [] },
  ];
  const allocating = allocatingWith(attempt, picture, picks, further);
  const more = { storeUuid: allocating.store.uuid, ...reservedFor(attempt, picks) };
  // An attachment that is in the journal already may have addresses: what was not read must not hide them.
  if (picture.foreseen === undefined) writeJournal(attempt, allocating.record, more);
  else if (!beginJournal(attempt, allocating.record, more)) return AGAIN;
  if (picture.meta !== undefined && picture.remembered === undefined) {
    rememberStore(network.space, allocating.store, picture.snapshot.revision, ports);
  }
  requireStillWanted(attempt);
  const outcome = await resolved(attempt, allocating.transaction);
  if (!outcome.won) {
    forgetForeseen(attempt, picture);
    if (outcome.snapshot === undefined) return AGAIN;
    const { targets, questions, remembered } = picture;
    const asked = { targets, questions, ...(remembered && { remembered }) };
    return { kind: "again", picture: depict(attempt, asked, outcome.snapshot) };
  }
  if (picture.foreseen !== undefined) await undoUnlessNewer(attempt, picture, outcome.revision);
  remember(attempt, allocating.store, outcome.revision);
  await undoUnlessWanted(attempt);
  learn(attempt, picture);
  learnNamed(attempt, picture, picks, allocating.transaction, outcome.revision);
  for (const { address, evictions } of picks) {
    const from = evictions.map(({ holder }) => holder);
    if (from.length > 0) tell(attempt, { what: "handed-over", address, from });
  }
  return { kind: "allocated", allocated: answer(attempt, allocating.record, false) };
}

/** What else goes into the ADD's one transaction. */
interface Further {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
}

function allocatingWith(
  attempt: Attempt,
  picture: Picture,
  picks: readonly Pick[],
  further: readonly Further[],
): Allocating {
  const { transaction, ...rest } = allocating(attempt, picture, picks);
  const guards = [...transaction.guards, ...further.flatMap((part) => part.guards)];
  const puts = [...transaction.puts, ...further.flatMap((part) => part.puts)];
  return { ...rest, transaction: { ...transaction, guards, puts } };
}

/** After the commit a memory that cannot be written makes it older, no more: the ADD stands. */
function remember({ ports, request }: Attempt, store: Identity, revision: number): void {
  try {
    rememberStore(request.network.space, store, revision, ports);
  } catch (failure) {
    ports.log("error", "the node could not remember its store", { reason: String(failure) });
  }
}

/**
 * RESOLVED: an outcome that is not known counts as lost; the next look finds our own request ID. What
 * is known not to have happened leaves the journal, from where a recovery would take it for held.
 */
async function resolved(attempt: Attempt, transaction: Transaction): Promise<Outcome> {
  const { ports, request, requestId } = attempt;
  const withdraw = () => ports.node.journal.remove(request.attachment, requestId);
  try {
    const outcome = await ports.store.commit(transaction, attempt.options);
    if (!outcome.won) withdraw();
    return outcome;
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.kind === "unknown-outcome") return { won: false };
    withdraw();
    throw failure;
  }
}

/** Takes back what was committed where a DEL came meanwhile, or the namespace has gone. */
export function undoUnlessWanted(attempt: Attempt): Promise<void> {
  return undoUnless(attempt, () => requireStillWanted(attempt));
}

function undoUnlessNewer(attempt: Attempt, picture: Picture, revision: number): Promise<void> {
  return undoUnless(attempt, () => {
    const { ports, request } = attempt;
    if (picture.remembered) requireNewer(revision, picture.remembered, request.network.space, ports);
  });
}

/** Takes back what was just committed where the requirement throws, and throws that. */
async function undoUnless(attempt: Attempt, requirement: () => void): Promise<void> {
  try {
    requirement();
  } catch (failure) {
    const { ports, request, requestId, options } = attempt;
    await free({ node: ports.node.name, id: request.attachment, requestId }, 0, ports, options);
    ports.node.journal.remove(request.attachment, requestId);
    throw failure;
  }
}
