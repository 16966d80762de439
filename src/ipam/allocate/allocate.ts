import { commit } from "../commit/commit.ts";
import { AGAIN, type Step } from "../commit/step.ts";
import { IpamError } from "../errors.ts";
import { type Foreseen, foresee } from "../foresee/foresee.ts";
import { endReading, foreseeTogether } from "../foresee/foresee-together.ts";
import { giveBackNearby } from "../foresee/nearby.ts";
import { free } from "../free/free.ts";
import { suspecting } from "../integrity/thrown-back.ts";
import type { Ports } from "../ports.ts";
import type { AddRequest, Allocated } from "../requests.ts";
import { type Attempt, requireNamespace, requireStillWanted } from "../view/attempt.ts";
import { ownerRef, restsOnOwner, type View } from "../view/view.ts";
import { HandOverWait } from "./hand-over-wait.ts";
import { readViewOrOwn } from "./read-view-or-own.ts";
import { takeUnderOwnName } from "./take-under-own-name.ts";
import { tryView } from "./try-view.ts";
import { whyNothingNew } from "./why-nothing-new.ts";

/** How many tries one ADD has. Its deadline usually ends it long before. */
const MOST_TRIES = 500;

/**
 * ADD (CNI specification, "ADD: Add container to network"): gives the attachment one address per
 * range set, in one transaction, or nothing.
 *
 * After any failure this request has allocated nothing, or what it allocated carries its request ID and
 * is in the node's journal, from where it is reclaimed once the namespace is gone.
 *
 * @throws IpamError with the code that docs/design.md section 8 gives; StoreFailure.
 */
export async function allocate(request: AddRequest, ports: Ports): Promise<Allocated> {
  const attempt = await begin(request, ports);
  try {
    await replayKeptRelease(attempt);
    await takeUnderOwnName(attempt);
    return await suspecting(() => untilAllocated(attempt), ports, attempt.options);
  } finally {
    attempt.lock.release();
  }
}

async function begin(request: AddRequest, ports: Ports): Promise<Attempt> {
  const refusal = await whyNothingNew(request, ports);
  const namespace = requireNamespace(request, ports);
  const { attachment, attendance, deadline } = request;
  const options = { deadline };
  const lock = await (attendance?.lock(deadline) ??
    ports.node.lock(attachment, { deadline, cancelling: false }));
  const requestId = crypto.randomUUID();
  const forestalled = new Set<string>();
  return { request, ports, requestId, namespace, lock, options, forestalled, ...(refusal && { refusal }) };
}

/** Does a kept DEL of this attachment before the attachment gets anything new. */
async function replayKeptRelease({ ports, request, options }: Attempt): Promise<void> {
  const kept = ports.node.keptReleases.of(request.attachment);
  if (kept === undefined) return;
  const { node, requestId } = kept;
  await free({ node, id: request.attachment, ...(requestId && { requestId }) }, 0, ports, options);
  ports.node.journal.remove(request.attachment, requestId);
  ports.node.keptReleases.drop(request.attachment);
}

/**
 * The states of an ADD; each name is a `Step`, and every arrow back to "again" reads the store anew
 * unless the step brought a view along:
 *
 *     foresee ─────────────► commit ─────► allocated: answer
 *        │ nothing foreseen    │  ▲
 *        ▼                lost │  │ a candidate for every range set
 *      again ◄─────────────────┘  │
 *        └──► read view ──► choose addresses ──► leaving: a holder's DEL is due
 *                 │               ▲     │           │ wait for the store's key to change
 *                 │               │     ▼           ▼
 *                 │             again ◄─ left      again
 *                 │                        let the old interface die
 *                 └─ has its addresses already ──► allocated: the same answer again
 *
 * Waiting happens outside the workload's turn, so that one pod's wait does not hold up the others. What is foreseen and
 * leaves the workload's record as it is needs no turn; what adds to it has its turn first, and is foreseen from what
 * the one before has left.
 */
async function untilAllocated(attempt: Attempt): Promise<Allocated> {
  const wait = new HandOverWait(attempt);
  try {
    const foreseen = await foreseeTogether(attempt);
    let step =
      foreseen === undefined || addsToOwner(attempt, foreseen)
        ? await inTurn(attempt, () => tryForeseen(attempt, wait))
        : await commit(attempt, foreseen.view, foreseen.candidates);
    for (;;) {
      if (step.kind === "allocated") return step.allocated;
      // Whoever waits for a holder holds nobody up.
      if (step.kind !== "again") endReading(attempt);
      if (step.kind === "leaving") await wait.forHolder(step.choice, step.view.snapshot);
      if (step.kind === "left") await wait.settle();
      const view = step.kind === "again" ? step.view : undefined;
      step = await inTurn(attempt, () => tryUntilDecided(attempt, wait, view));
    }
  } finally {
    endReading(attempt);
    giveBackNearby(attempt);
  }
}

/** Tries to commit without a read, where another ADD of the workload has left what to foresee from; else with one. */
async function tryForeseen(attempt: Attempt, wait: HandOverWait): Promise<Step> {
  const foreseen = ownerRef(attempt) && foresee(attempt);
  const step = foreseen === undefined ? AGAIN : await commit(attempt, foreseen.view, foreseen.candidates);
  return step.kind === "again" ? tryUntilDecided(attempt, wait, step.view) : step;
}

function addsToOwner({ request }: Attempt, { candidates }: Foreseen): boolean {
  return request.wish.owner !== undefined && candidates.some(({ reservation }) => reservation === undefined);
}

/** Within one process, pods of one workload go one after the other, because all of them change its record. */
function inTurn(attempt: Attempt, work: () => Promise<Step>): Promise<Step> {
  const { turns } = attempt.ports;
  const ref = ownerRef(attempt);
  if (turns === undefined || ref === undefined) return work();
  const { kind, namespace, name } = ref.owner;
  return turns.take(`${ref.space} ${kind} ${namespace}/${name}`, work);
}

/** Reads and tries until a step is something else than "again". */
async function tryUntilDecided(attempt: Attempt, wait: HandOverWait, known: View | undefined): Promise<Step> {
  let view = known;
  for (let number = 1; number <= MOST_TRIES; number++) {
    giveBackNearby(attempt);
    requireStillWanted(attempt);
    view ??= await readViewOrOwn(attempt);
    if (view.own === undefined && !restsOnOwner(view)) {
      view = undefined;
      continue;
    }
    // Whose pod had addresses asks Kubernetes what ends now: that holds up nobody else.
    if (view.formerOwners.length > 0) endReading(attempt);
    const step = await tryView(attempt, view, number, wait);
    if (step.kind !== "again") return step;
    view = step.view;
  }
  throw new IpamError(
    "tryAgain",
    `other ADDs took the chosen address first, ${MOST_TRIES} times in a row`,
    "the pool is very busy; try again",
  );
}
