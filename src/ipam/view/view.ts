import type { RememberedStore } from "../node-port.ts";
import type { NamedTarget, OpenTarget, Target } from "../plan/target.ts";
import type {
  AttachmentRecord,
  MetaRecord,
  NetworkRecord,
  OwnerRecord,
  Ref,
  ReservedRangesRecord,
} from "../records.ts";
import { refsAround, refTo } from "../ref-to.ts";
import type { CountAnswer, Query, Snapshot, Span, Versioned, WindowAnswer } from "../store-port.ts";
import type { Attempt } from "./attempt.ts";
import { startPosition } from "./cursor.ts";
import { type Slice, sliceFrom } from "./slice.ts";

/** Everything an ADD needs to know of the store to decide, seen at one moment in one round trip. */
export interface View {
  readonly targets: readonly Target[];
  readonly questions: Questions;
  readonly snapshot: Snapshot;
  /** The store this node knew before it looked (ONE-STORE). */
  readonly remembered?: RememberedStore;
  readonly own?: Versioned<AttachmentRecord>;
  readonly meta?: Versioned<MetaRecord>;
  readonly network?: Versioned<NetworkRecord>;
  readonly reservedRanges?: Versioned<ReservedRangesRecord>;
  readonly owner?: Versioned<OwnerRecord>;
  /** Put together from what earlier ADDs saw, not read: all of it must be guarded. "guessed": see `Foresight.guesses`. */
  readonly foreseen?: "known" | "guessed";
}

/** A pool that is looked into; `whole` asks how much the pool holds where no cursor is known yet. */
export interface PoolQuestion {
  readonly target: OpenTarget;
  readonly slice: Slice;
  readonly windowIndex: number;
  readonly countIndex?: number;
}

export interface Questions {
  readonly query: Query;
  readonly pools: readonly PoolQuestion[];
}

/** Of the pools of one set, only the first few are looked into at once; the rest when those are full. */
const POOLS_AT_ONCE = 4;

/** Looks at all that the targets need. */
export async function readView(attempt: Attempt, targets: readonly Target[]): Promise<View> {
  const { ports, request, options } = attempt;
  const questions = ask(attempt, targets);
  const remembered = ports.node.storeMemory.recall(request.network.space);
  const snapshot = await ports.store.read(questions.query, options);
  return viewOf(attempt, { targets, questions, ...(remembered && { remembered }) }, snapshot);
}

/** What was asked, and known, before a snapshot was read. */
type ViewQuestions = Pick<View, "targets" | "questions" | "remembered">;

/** The view that a snapshot of the same questions gives; of an earlier view nothing else is kept. */
export function viewOf(
  attempt: Attempt,
  { targets, questions, remembered }: ViewQuestions,
  snapshot: Snapshot,
): View {
  const own = snapshot.get(ownRef(attempt));
  const meta = snapshot.get(refTo.meta);
  const network = snapshot.get(networkRef(attempt));
  const reservedRanges = snapshot.get(reservedRangesRef(attempt));
  const ownerKey = ownerRef(attempt);
  const owner = ownerKey && snapshot.get(ownerKey);
  return {
    targets,
    questions,
    ...(remembered && { remembered }),
    snapshot,
    ...(own && { own }),
    ...(meta && { meta }),
    ...(network && { network }),
    ...(reservedRanges && { reservedRanges }),
    ...(owner && { owner }),
  };
}

/** The asking attachment's own index entry. */
export function ownRef({ request, ports }: Attempt) {
  return refTo.attachment(ports.node.name, request.attachment);
}

export function networkRef({ request }: Attempt) {
  return refTo.network(request.network.name);
}

export function reservedRangesRef({ request }: Attempt) {
  return refTo.reservedRanges(request.network.space);
}

/** The record of the asking pod's owner; undefined where nothing is reserved for anybody. */
export function ownerRef({ request }: Attempt) {
  const owner = request.wish.owner?.owner;
  return owner && refTo.owner(request.network.space, owner);
}

export function windowAnswers(view: View, question: PoolQuestion): readonly WindowAnswer[] {
  return view.snapshot.windows.slice(
    question.windowIndex,
    question.windowIndex + question.slice.windows.length,
  );
}

export function countAnswer(view: View, question: PoolQuestion): CountAnswer | undefined {
  return question.countIndex === undefined ? undefined : view.snapshot.counts[question.countIndex];
}

/** What to ask the store about these targets. */
export function ask(attempt: Attempt, targets: readonly Target[]): Questions {
  const { space } = attempt.request.network;
  const pools: PoolQuestion[] = [];
  const counts: Span[] = [];
  let windowIndex = 0;
  for (const target of targets) {
    if (target.kind !== "open") continue;
    for (const pool of target.pools.slice(0, POOLS_AT_ONCE)) {
      const { position, known } = startPosition(pool, space, attempt.ports);
      const question = { target, slice: sliceFrom(pool, position, space), windowIndex };
      windowIndex += question.slice.windows.length;
      if (known) pools.push(question);
      else {
        pools.push({ ...question, countIndex: counts.length });
        counts.push({ space, first: pool.at(0n), last: pool.at(pool.size - 1n) });
      }
    }
  }
  const windows = pools.flatMap(({ slice }) => slice.windows);
  return { query: { refs: refsOf(attempt, targets), windows, counts }, pools };
}

function refsOf(attempt: Attempt, targets: readonly Target[]): Ref[] {
  const named = targets.filter((target): target is NamedTarget => target.kind === "named");
  const owner = ownerRef(attempt);
  return [
    refTo.meta,
    ownRef(attempt),
    networkRef(attempt),
    reservedRangesRef(attempt),
    ...(owner ? [owner] : []),
    ...named.flatMap(({ address }) => refsAround(attempt.request.network.space, address)),
  ];
}
