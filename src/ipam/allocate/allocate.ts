import type { Address } from "../../address/address.ts";
import { chooseAddresses } from "../choose/choose.ts";
import type { Contest } from "../choose/contend.ts";
import { commit } from "../commit/commit.ts";
import { AGAIN, type Round } from "../commit/round.ts";
import { IpamError } from "../errors.ts";
import { foresee } from "../foresee/foresee.ts";
import { free } from "../free/free.ts";
import { reclaim } from "../free/reclaim.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import { planTargets } from "../plan/plan.ts";
import { enforcePolicy } from "../plan/policy.ts";
import type { Target } from "../plan/target.ts";
import type { Ports } from "../ports.ts";
import type { AddRequest, Allocated } from "../requests.ts";
import { type Attempt, requireNamespace, requireStillWanted } from "../view/attempt.ts";
import type { Pick } from "../view/pick.ts";
import { look, ownerRef, type Picture } from "../view/picture.ts";
import { tell } from "../view/tell.ts";
import { answerRepeated } from "./answer-repeated.ts";
import { requirePodWanted } from "./pod-wanted.ts";
import { ANSWER_MS, HAND_OVER_WAIT_MS, settle, waitForChange } from "./wait.ts";

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
  const { attachment, attendance, deadline } = request;
  const options = { deadline };
  const lock = await (attendance?.lock(deadline) ??
    ports.node.lock(attachment, { deadline, cancelling: false }));
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

interface Patience {
  /** performance.now() milliseconds until which holders are waited for. */
  readonly until: number;
  /** Whether a holder was waited for whose interface has not had its time to die. */
  unsettled: boolean;
  /** The address that was waited for, until the asking pod has been read again. */
  waitedFor?: Address;
}

async function allocateLocked(attempt: Attempt): Promise<Allocated> {
  const until = Math.min(performance.now() + HAND_OVER_WAIT_MS, attempt.options.deadline - ANSWER_MS);
  const patience: Patience = { until, unsettled: false };
  let round = await foreseenRound(attempt);
  for (;;) {
    if (round.kind === "allocated") return round.allocated;
    if (round.kind === "leaving") await waitFor(attempt, round, patience);
    if (round.kind === "left") await settleNow(attempt, patience);
    const seen = round.kind === "again" ? round.picture : undefined;
    round = await inTurn(attempt, () => playRounds(attempt, patience, seen));
  }
}

/** Where a process serves many ADDs it may know of a free address without looking. */
async function foreseenRound(attempt: Attempt): Promise<Round> {
  const foreseen = foresee(attempt);
  return foreseen === undefined ? AGAIN : commit(attempt, foreseen.picture, foreseen.picks);
}

/** Looks and tries until something else is to be done than to look again. */
async function playRounds(attempt: Attempt, patience: Patience, seen?: Picture): Promise<Round> {
  let picture = seen;
  for (let number = 1; number <= ROUNDS; number++) {
    requireStillWanted(attempt);
    picture ??= await lookOrRepeat(attempt);
    const round = await playOrMakeRoom(attempt, picture, number, patience);
    if (round.kind !== "again") return round;
    picture = round.picture;
  }
  throw new IpamError(
    "tryAgain",
    `other ADDs were quicker ${ROUNDS} times in a row`,
    "the pool is very busy; try again",
  );
}

/** Pods of one workload all change its record: within one process they go one after the other. */
function inTurn(attempt: Attempt, work: () => Promise<Round>): Promise<Round> {
  const { turns } = attempt.ports;
  const ref = ownerRef(attempt);
  if (turns === undefined || ref === undefined) return work();
  const { kind, namespace, name } = ref.owner;
  return turns.take(`${ref.space} ${kind} ${namespace}/${name}`, work);
}

/**
 * What is not allowed, or cannot be read (any more) takes nothing away from an attachment that has
 * its addresses already: a range in use may shrink, move or be excluded; Kubernetes may be silent.
 */
async function lookOrRepeat(attempt: Attempt): Promise<Picture> {
  try {
    if (attempt.refusal !== undefined) throw attempt.refusal;
    return await look(attempt, await plan(attempt));
  } catch (failure) {
    const ofWish = failure === attempt.refusal;
    if (!ofWish && !(failure instanceof IpamError && failure.name === "addressNotAllowed")) throw failure;
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
    return AGAIN;
  }
}

async function play(attempt: Attempt, picture: Picture, number: number, patience: Patience): Promise<Round> {
  const { network } = attempt.request;
  const meta = verifyStore(picture.snapshot, picture.remembered, network.space, attempt.ports);
  if (picture.own !== undefined) return answerRepeated(attempt, picture.own);
  requireReady(meta, network.requireInit);
  const contests = await chooseAddresses(attempt, picture, number);
  const contest = contests.find((each) => each.kind === "leaving");
  if (contest !== undefined) return { kind: "leaving", picture, contest };
  if (patience.unsettled) return { kind: "left" };
  if (patience.waitedFor !== undefined) {
    await requirePodWanted(attempt, patience.waitedFor);
    delete patience.waitedFor;
  }
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
  { contest, picture }: Extract<Round, { kind: "leaving" }>,
  patience: Patience,
): Promise<void> {
  if (performance.now() >= patience.until) throw contest.refusal;
  patience.unsettled = true;
  patience.waitedFor = contest.address;
  const begin = performance.now();
  await waitForChange(attempt, contest.address, picture.snapshot.revision, patience.until);
  tell(attempt, { what: "waited", milliseconds: performance.now() - begin });
}

async function settleNow(attempt: Attempt, patience: Patience): Promise<void> {
  await settle(attempt);
  patience.unsettled = false;
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
