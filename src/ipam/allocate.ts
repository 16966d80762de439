import { type Attempt, requireNamespace, requireStillWanted } from "./attempt.ts";
import { chooseAddresses } from "./choose.ts";
import { mayFree } from "./collect.ts";
import type { Contest } from "./contend.ts";
import { recordNetwork } from "./drift.ts";
import { IpamError } from "./errors.ts";
import { foresee, forgetForeseen, guardsOfForeseen, learn } from "./foresee.ts";
import { free } from "./free.ts";
import type { Notice } from "./notice.ts";
import { type Identity, rememberStore, requireNewer, requireReady, verifyStore } from "./one-store.ts";
import { logOutside } from "./outside.ts";
import type { Pick } from "./pick.ts";
import { depict, look, ownerRef, type Picture } from "./picture.ts";
import { planTargets } from "./plan.ts";
import { enforcePolicy } from "./policy.ts";
import type { Ports } from "./ports.ts";
import { claimShare } from "./quota.ts";
import { reclaim } from "./reclaim.ts";
import type { AttachmentRecord } from "./records.ts";
import { printedAddresses, repeat } from "./repeat.ts";
import type { AddRequest, Allocated } from "./requests.ts";
import {
  type Guard,
  type Outcome,
  type Put,
  StoreFailure,
  type Transaction,
  type Versioned,
} from "./store-port.ts";
import type { Target } from "./target.ts";
import { type Allocating, allocating } from "./transaction.ts";
import { ANSWER_MS, HAND_OVER_WAIT_MS, settle, waitForChange } from "./wait.ts";
import { reservedFor, writeJournal } from "./write-journal.ts";

/** Lost races one ADD puts up with; its deadline usually ends it long before. */
const ROUNDS = 500;
/** Dead records that an ADD frees when it finds no address: its own, and a few for those who come next. */
const ROOM = 8;

/**
 * ADD (CNI specification, "ADD: Add container to network"): gives the attachment one address per
 * range set, in one transaction, or nothing.
 *
 * Holds after any failure: nothing is allocated by this request, or what is allocated carries its
 * request ID and is in the node's journal, from where it is reclaimed once the namespace is gone.
 *
 * @throws IpamError with the code design section 8 gives; StoreFailure from the store.
 */
export async function allocate(request: AddRequest, ports: Ports): Promise<Allocated> {
  const refusal = request.refusal ?? (await policyRefusal(request, ports));
  const namespace = requireNamespace(request, ports);
  logForeignName(request, ports);
  const options = { deadline: request.deadline };
  const lock = await ports.node.lock(request.attachment, { ...options, cancelling: false });
  const attempt: Attempt = {
    request,
    ports,
    requestId: crypto.randomUUID(),
    namespace,
    lock,
    options,
    ...(refusal && { refusal }),
  };
  try {
    await settleKeptRelease(attempt);
    return await allocateLocked(attempt);
  } finally {
    lock.release();
  }
}

/** Under another name than the pod's node has, this node's records can never be fenced. */
function logForeignName({ wish: { pod } }: AddRequest, { node, log }: Ports): void {
  if (pod?.nodeName === undefined || pod.nodeName === node.name) return;
  log("warn", `this node is called '${node.name}' here and '${pod.nodeName}' in Kubernetes`, {
    remedy:
      "set nodeName in the node's file, or $NODE_NAME: an address held here cannot be fenced until then",
  });
}

/** What one look at the store led to: an answer, or another round, perhaps with a picture at hand. */
type Round = { readonly allocated: Allocated } | { readonly allocated?: never; readonly picture?: Picture };

interface Patience {
  /** performance.now() milliseconds until which holders are waited for. */
  readonly until: number;
  waited: boolean;
}

async function allocateLocked(attempt: Attempt): Promise<Allocated> {
  const until = Math.min(performance.now() + HAND_OVER_WAIT_MS, attempt.options.deadline - ANSWER_MS);
  const patience: Patience = { until, waited: false };
  let seen: Picture | undefined;
  const foreseen = foresee(attempt);
  if (foreseen !== undefined) {
    const round = await commit(attempt, foreseen.picture, foreseen.picks);
    if (round.allocated !== undefined) return round.allocated;
    seen = round.picture;
  }
  for (let number = 1; number <= ROUNDS; number++) {
    requireStillWanted(attempt);
    const picture = seen ?? (await lookOrRepeat(attempt));
    const round = await playOrMakeRoom(attempt, picture, number, patience);
    if (round.allocated !== undefined) return round.allocated;
    seen = round.picture;
  }
  throw new IpamError(
    "tryAgain",
    `other ADDs were quicker ${ROUNDS} times in a row`,
    "the pool is very busy; try again",
  );
}

/**
 * What is not allowed (any more) takes nothing away from an attachment that has its addresses
 * already: a range in use may shrink, move or be excluded.
 */
async function lookOrRepeat(attempt: Attempt): Promise<Picture> {
  try {
    if (attempt.refusal !== undefined) throw attempt.refusal;
    return await look(attempt, await plan(attempt));
  } catch (failure) {
    if (!(failure instanceof IpamError) || failure.name !== "addressNotAllowed") throw failure;
    const picture = await look(attempt, []);
    if (picture.own === undefined) throw failure;
    return picture;
  }
}

/** The policy is not asked about what was given out under an earlier one. */
async function policyRefusal(request: AddRequest, ports: Ports): Promise<IpamError | undefined> {
  try {
    await enforcePolicy(request, ports);
    return undefined;
  } catch (failure) {
    if (failure instanceof IpamError && failure.name === "addressNotAllowed") return failure;
    throw failure;
  }
}

/** Dead sandboxes of this node that still hold addresses are no reason to refuse a living one. */
async function playOrMakeRoom(
  attempt: Attempt,
  picture: Picture,
  number: number,
  patience: Patience,
): Promise<Round> {
  try {
    return await play(attempt, picture, number, patience);
  } catch (failure) {
    if (!(failure instanceof IpamError) || failure.name !== "noFreeAddress") throw failure;
    const limits = { records: ROOM, deadline: attempt.options.deadline - ANSWER_MS, sweep: true };
    if ((await reclaim(attempt.ports, limits)) === 0) throw failure;
    return {};
  }
}

async function play(attempt: Attempt, picture: Picture, number: number, patience: Patience): Promise<Round> {
  const { network } = attempt.request;
  const meta = verifyStore(picture.snapshot, picture.remembered, network.space, attempt.ports);
  if (picture.own !== undefined) return answerRepeated(attempt, picture.own);
  requireReady(meta, network.requireInit);
  const contests = await chooseAddresses(attempt, picture, number);
  const leaving = contests.find((contest) => contest.kind === "leaving");
  if (leaving !== undefined) return waitFor(attempt, picture, leaving, patience);
  if (patience.waited) await settle(attempt);
  return commit(attempt, picture, contests.flatMap(picked));
}

function picked(contest: Contest): Pick[] {
  return contest.kind === "pick" ? [contest.pick] : [];
}

/** The owner's record is needed first only where the wish depends on it. */
async function plan(attempt: Attempt): Promise<Target[]> {
  const { wish } = attempt.request;
  const ref = ownerRef(attempt);
  if (ref === undefined || !(wish.sticky || wish.set !== undefined)) return planTargets(attempt.request);
  const snapshot = await attempt.ports.store.read({ refs: [ref] }, attempt.options);
  return planTargets(attempt.request, snapshot.get(ref)?.record);
}

async function waitFor(
  attempt: Attempt,
  picture: Picture,
  leaving: Extract<Contest, { kind: "leaving" }>,
  patience: Patience,
): Promise<Round> {
  if (performance.now() >= patience.until) throw leaving.refusal;
  patience.waited = true;
  const begin = performance.now();
  await waitForChange(attempt, leaving.address, picture.snapshot.revision, patience.until);
  tell(attempt, { what: "waited", milliseconds: performance.now() - begin });
  return {};
}

async function commit(attempt: Attempt, picture: Picture, picks: readonly Pick[]): Promise<Round> {
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
  writeJournal(attempt, allocating.record, {
    storeUuid: allocating.store.uuid,
    ...reservedFor(attempt, picks),
  });
  if (picture.meta !== undefined && picture.remembered === undefined) {
    rememberStore(network.space, allocating.store, picture.snapshot.revision, ports);
  }
  requireStillWanted(attempt);
  const outcome = await resolved(attempt, allocating.transaction);
  if (!outcome.won) {
    forgetForeseen(attempt, picture);
    if (outcome.snapshot === undefined) return {};
    const { targets, questions, remembered } = picture;
    return {
      picture: depict(attempt, { targets, questions, ...(remembered && { remembered }) }, outcome.snapshot),
    };
  }
  if (picture.foreseen !== undefined) await undoUnlessNewer(attempt, picture, outcome.revision);
  remember(attempt, allocating.store, outcome.revision);
  await undoUnlessWanted(attempt);
  learn(attempt, picture);
  for (const { address, evictions } of picks) {
    const from = evictions.map(({ holder }) => holder);
    if (from.length > 0) tell(attempt, { what: "handed-over", address, from });
  }
  return { allocated: answer(attempt, allocating.record, false) };
}

function tell({ ports, request: { pod } }: Attempt, notice: Notice): void {
  ports.notice?.({ ...notice, ...(pod && { pod }) });
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

/** RESOLVED: an outcome that is not known counts as lost; the next look finds our own request ID. */
async function resolved(attempt: Attempt, transaction: Transaction): Promise<Outcome> {
  try {
    return await attempt.ports.store.commit(transaction, attempt.options);
  } catch (failure) {
    if (failure instanceof StoreFailure && failure.kind === "unknown-outcome") return { won: false };
    throw failure;
  }
}

function undoUnlessWanted(attempt: Attempt): Promise<void> {
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

async function answerRepeated(attempt: Attempt, own: Versioned<AttachmentRecord>): Promise<Round> {
  const { ports, request, requestId, options } = attempt;
  if (own.record.holder.requestId === requestId) {
    await undoUnlessWanted(attempt);
    return { allocated: answer(attempt, own.record, false) };
  }
  const { storeUuid = "", reservedFor } = ports.node.journal.read(request.attachment) ?? {};
  writeJournal(attempt, own.record, { storeUuid, ...(reservedFor && { reservedFor }) });
  // What an attachment of this name had in a namespace that is gone was another sandbox's.
  const state = mayFree(own.record.holder, ports) ? "stale" : await repeat(attempt, own);
  if (state === "rewritten") {
    logOutside(request.network, own.record, ports);
    return { allocated: answer(attempt, own.record, true) };
  }
  if (state === "stale") await free({ node: ports.node.name, id: request.attachment }, 0, ports, options);
  return {};
}

function answer(attempt: Attempt, record: AttachmentRecord, repeated: boolean): Allocated {
  return {
    attachment: attempt.request.attachment,
    addresses: printedAddresses(record),
    origin: record.origin,
    requestId: attempt.requestId,
    repeated,
  };
}

/** A DEL of this attachment that never reached the store is settled before it gets anything new. */
async function settleKeptRelease(attempt: Attempt): Promise<void> {
  const { ports, request, options } = attempt;
  const kept = ports.node.keptReleases.of(request.attachment);
  if (kept === undefined) return;
  const { node, requestId } = kept;
  await free({ node, id: request.attachment, ...(requestId && { requestId }) }, 0, ports, options);
  ports.node.keptReleases.drop(request.attachment);
}
