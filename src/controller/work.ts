import type { ControllerContext } from "./context.ts";
import { pause } from "./pause.ts";

/** Something the leader does again and again. One that keeps what it saw is made anew for each term. */
export interface Work {
  /** For log and metrics. */
  readonly name: string;
  readonly everyMs: number;
  /** A round takes no longer than this. */
  readonly patienceMs: number;
  /** What fails is tried again in the next round. Returns early when `signal` aborts. */
  round(options: RoundOptions): Promise<void>;
}

export interface RoundOptions {
  /** performance.now() milliseconds. */
  readonly deadline: number;
  /** Aborts when this replica leads no more. */
  readonly signal: AbortSignal;
}

export type MakeWork = (context: ControllerContext) => Work;

/** The leader's work, one line for each. */
const WORKS: readonly MakeWork[] = [];

/** Does all of the leader's work until `signal` aborts; resolves when the rounds under way are over. */
export async function workAsLeader(context: ControllerContext, signal: AbortSignal): Promise<void> {
  await Promise.all(WORKS.map((make) => repeat(make(context), context, signal)));
}

async function repeat(work: Work, { log, metrics }: ControllerContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await work.round({ deadline: performance.now() + work.patienceMs, signal });
      metrics.rounds.inc({ work: work.name, outcome: "done" });
    } catch (failure) {
      metrics.rounds.inc({ work: work.name, outcome: "failed" });
      log("warn", `${work.name}: a round failed`, { reason: String(failure) });
    }
    await pause(work.everyMs, signal);
  }
}
