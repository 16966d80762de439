import type { ControllerContext } from "../context/context.ts";
import type { Task } from "./task.ts";

/** Between the pieces of a store's sweep, in milliseconds, and pieces at a time: a few lists a minute, however large it is. */
const EVERY_MS = 60_000;
const PIECES = 4;

/** Removes what dead processes left in a store that does not do so by itself, and records whose time is over. */
export function sweepTask(
  { metrics, ports: { store } }: Pick<ControllerContext, "metrics" | "ports">,
  _: unknown,
  now = () => performance.now(),
): Task {
  let last = Number.NEGATIVE_INFINITY;
  return {
    name: "sweep",
    timeoutMs: 30_000,
    round: async ({ deadline, signal }) => {
      if (store.sweep === undefined || now() - last < EVERY_MS) return "later";
      last = now();
      for (let piece = 0; piece < PIECES && !signal.aborted; piece++)
        metrics.swept.inc(await store.sweep({ deadline }));
      return "later";
    },
  };
}
