import { pause } from "../../ipam/pause.ts";
import { Queue } from "../../ipam/queue.ts";
import type { ControllerContext } from "../context/context.ts";
import { FailureLog } from "../context/failure-log.ts";
import { Survey } from "../survey/survey.ts";
import { countTask } from "./count-task.ts";
import { fencedTask } from "./fenced-task.ts";
import { poolStatusTask } from "./pool-status-task.ts";
import { retentionTask } from "./retention-task.ts";
import { suspicionTask } from "./suspicion-task.ts";
import { sweepTask } from "./sweep-task.ts";
import type { MakeTask, Task } from "./task.ts";

/** The leader's tasks, one line for each. The first two need the least before they can begin. */
const TASKS: readonly MakeTask[] = [
  suspicionTask,
  countTask,
  poolStatusTask,
  fencedTask,
  retentionTask,
  sweepTask,
];

const SOON_MS = 5_000;

/** Runs all of the leader's tasks until `signal` aborts. */
export async function runTasks(context: ControllerContext, signal: AbortSignal): Promise<void> {
  // One round at a time: each may hold many records in memory.
  const rounds = new Queue({ limit: 1 });
  const survey = new Survey(context);
  const tasks = TASKS.map((make) => repeat(make(context, survey), context, rounds, signal));
  await Promise.all([survey.run(signal), ...tasks]);
}

async function repeat(
  task: Task,
  context: ControllerContext,
  rounds: Queue,
  signal: AbortSignal,
): Promise<void> {
  const failures = new FailureLog(context.log, `${task.name}: a round failed`);
  let bell = new AbortController();
  task.onWake?.(() => bell.abort());
  while (!signal.aborted) {
    bell = new AbortController();
    const again = await unlessAborted(
      rounds.run(() => runRound(task, context, failures, signal)),
      signal,
    );
    const until = again === "soon" ? Math.min(SOON_MS, context.intervalMs) : context.intervalMs;
    await pause(until, signal, bell.signal);
  }
  task.stop?.();
}

/** A round under way need not end first: each of its steps is guarded in the store. */
function unlessAborted<T>(round: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    signal.addEventListener("abort", end);
    round.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

async function runRound(
  { name, timeoutMs, round }: Task,
  { metrics }: ControllerContext,
  failures: FailureLog,
  signal: AbortSignal,
): Promise<"later" | "soon"> {
  if (signal.aborted) return "later";
  try {
    const again = await round({ deadline: performance.now() + timeoutMs, signal });
    metrics.rounds.inc({ work: name, outcome: "done" });
    failures.succeeded();
    return again;
  } catch (failure) {
    metrics.rounds.inc({ work: name, outcome: "failed" });
    failures.failed(failure);
    return "soon";
  }
}
