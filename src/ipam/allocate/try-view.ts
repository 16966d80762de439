import { chooseAddresses } from "../choose/choose.ts";
import type { Choice } from "../choose/choose-named.ts";
import { commit } from "../commit/commit.ts";
import { AGAIN, type Step } from "../commit/step.ts";
import { IpamError } from "../errors.ts";
import { mayFree } from "../evidence/may-free.ts";
import { learnNearby } from "../foresee/nearby.ts";
import { forestallFormer } from "../free/forestall-former.ts";
import { reclaim } from "../free/reclaim.ts";
import { isOf } from "../integrity/living-witness.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import { isWitnessed } from "../integrity/witness.ts";
import type { AttachmentRecord } from "../records.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import { ask, type View } from "../view/view.ts";
import { answerRepeated } from "./answer-repeated.ts";
import type { HandOverWait } from "./hand-over-wait.ts";
import { ANSWER_MS } from "./wait.ts";

/** How many dead records an ADD frees when it finds no address: one for itself, and a few for the next ADDs. */
const ROOM = 8;

/**
 * One try of an ADD with one view of the store: chooses an address for every range set and commits
 * them, or answers what must happen first. Where nothing is free, frees what dead sandboxes of this
 * node hold, and the ADD reads again.
 *
 * @param number which try this is: from the second on, it chooses at random.
 * @throws IpamError, StoreFailure: as `allocate`.
 */
export async function tryView(
  attempt: Attempt,
  view: View,
  number: number,
  wait: HandOverWait,
): Promise<Step> {
  try {
    return await decide(attempt, view, number, wait);
  } catch (failure) {
    if (!(failure instanceof IpamError) || failure.name !== "noFreeAddress") throw failure;
    const limits = { records: ROOM, deadline: attempt.options.deadline - ANSWER_MS, sweep: true };
    if ((await reclaim(attempt.ports, limits)) === 0) throw failure;
    return AGAIN;
  }
}

async function decide(attempt: Attempt, view: View, number: number, wait: HandOverWait): Promise<Step> {
  const { request, ports, options, lock } = attempt;
  const { network } = request;
  const meta = verifyStore(view.snapshot, view.remembered, network.space, ports);
  const own = { id: request.attachment, lock };
  if (!(await isWitnessed(view.questions.witness, view.snapshot, own, ports, options))) return AGAIN;
  if (view.own !== undefined) {
    if (!isStanding(attempt, view.own.record)) requireReady(meta, false);
    return answerRepeated(attempt, view, view.own, meta?.record);
  }
  requireReady(meta, network.requireInit);
  if (await forestalls(attempt)) return AGAIN;
  learnNearby(attempt, view);
  const choices = await chooseAddresses(attempt, view, number);
  const choice = choices.find((each) => each.kind === "leaving");
  if (choice !== undefined) return { kind: "leaving", view, choice };
  if (wait.mustSettle) return { kind: "left" };
  await wait.requirePodWanted();
  return commit(attempt, asksAnew(attempt, view), choices.flatMap(candidateOf));
}

/**
 * One attachment has its addresses in one place: what an earlier try has sent must not come when this one has got
 * other ones.
 */
async function forestalls({ forestalled, ports, request, options }: Attempt): Promise<boolean> {
  const sent = ports.node.journal.read(request.attachment)?.addresses.join();
  if (sent === undefined || forestalled.has(sent)) return false;
  forestalled.add(sent);
  return forestallFormer(request.attachment, ports, options);
}

/** If it loses, the ADD looks where it has found something to take, and at another stretch of the pool. */
function asksAnew(attempt: Attempt, view: View): View {
  if (view.questions.pools.length === 0) return view;
  return { ...view, questions: ask(attempt, view.targets, view.questions.witness) };
}

/**
 * Whether this sandbox has what its record says, by the node's own word. A store that was thrown back may
 * have the record of an earlier life, whose address another one got since.
 */
function isStanding({ ports, request }: Attempt, record: AttachmentRecord): boolean {
  const entry = ports.node.journal.read(request.attachment);
  return entry !== undefined && isOf(record, entry) && !mayFree(record.holder, ports);
}

function candidateOf(choice: Choice): Candidate[] {
  return choice.kind === "candidate" ? [choice.candidate] : [];
}
