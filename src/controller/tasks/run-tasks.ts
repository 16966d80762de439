import { pause } from "../../ipam/pause.ts";
import type { ControllerContext } from "../context/context.ts";
import { TroubleLog } from "../context/trouble-log.ts";
import { countWork } from "./count-task.ts";
import { fencedWork } from "./fenced-task.ts";
import { retentionWork } from "./retention-task.ts";

/** Something the leader does again and again. One that keeps what it saw is made anew for each term. */
export interface Work {
  /** For log and metrics. */
  readonly name: string;
  /** A round takes no longer than this. */
  readonly patienceMs: number;
  /**
   * What fails is tried again in the next round. Returns early when `signal` aborts; answers "soon"
   * when it waits for something that may happen any moment.
   */
  round(options: RoundOptions): Promise<"later" | "soon">;
  /** Rings when a round is worth it at once, until `signal` aborts; what fails is begun again. */
  listen?(ring: () => void, signal: AbortSignal): Promise<void>;
  /** After the last round of a term. */
  stop?(): void;
}

export interface RoundOptions {
  /** performance.now() milliseconds. */
  readonly deadline: number;
  /** Aborts when this replica leads no more. */
  readonly signal: AbortSignal;
}

export type MakeWork = (context: ControllerContext) => Work;

/** The leader's work, one line for each. */
const WORKS: readonly MakeWork[] = [fencedWork, retentionWork, countWork];

const SOON_MS = 5_000;

/** Does all of the leader's work until `signal` aborts. */
export async function workAsLeader(context: ControllerContext, signal: AbortSignal): Promise<void> {
  const inTurn = turns();
  await Promise.all(WORKS.map((make) => repeat(make(context), context, inTurn, signal)));
}

type InTurn = <T>(step: () => Promise<T>) => Promise<T>;

/** Rounds come one after the other: each may hold a large store's records in memory. */
function turns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const next = last.then(step);
    last = next.catch(() => undefined);
    return next;
  };
}

async function repeat(
  work: Work,
  context: ControllerContext,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const trouble = new TroubleLog(context.log, `${work.name}: a round failed`);
  let bell = new AbortController();
  if (work.listen !== undefined) void listen(work.listen, () => bell.abort(), context, signal);
  while (!signal.aborted) {
    bell = new AbortController();
    const again = await unlessAborted(
      inTurn(() => oneRound(work, context, trouble, signal)),
      signal,
    );
    const until = again === "soon" ? Math.min(SOON_MS, context.intervalMs) : context.intervalMs;
    await pause(until, signal, bell.signal);
  }
  work.stop?.();
}

async function listen(
  attempt: NonNullable<Work["listen"]>,
  ring: () => void,
  { log }: ControllerContext,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await attempt(ring, signal).catch((failure) =>
      log("debug", "a watch ended", { reason: String(failure) }),
    );
    await pause(SOON_MS, signal);
  }
}

/** A round under way need not be waited for: each of its steps is guarded in the store. */
function unlessAborted<T>(round: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    signal.addEventListener("abort", end);
    round.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

async function oneRound(
  { name, patienceMs, round }: Work,
  { metrics }: ControllerContext,
  trouble: TroubleLog,
  signal: AbortSignal,
): Promise<"later" | "soon"> {
  if (signal.aborted) return "later";
  try {
    const again = await round({ deadline: performance.now() + patienceMs, signal });
    metrics.rounds.inc({ work: name, outcome: "done" });
    trouble.worked();
    return again;
  } catch (failure) {
    metrics.rounds.inc({ work: name, outcome: "failed" });
    trouble.failed(failure);
    return "soon";
  }
}
