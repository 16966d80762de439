import type { ControllerContext } from "../context/context.ts";
import type { Survey } from "../survey/survey.ts";

/** Something the leader does again and again. A task that keeps what it saw is made anew for each term. */
export interface Task {
  /** For log and metrics. */
  readonly name: string;
  /** A round takes at most this long. */
  readonly timeoutMs: number;
  /**
   * What fails is tried again in the next round. Returns early when `signal` aborts; answers "soon"
   * when it waits for something that may happen any moment.
   */
  round(options: RoundOptions): Promise<"later" | "soon">;
  /** Is given what makes a round run at once. */
  onWake?(wake: () => void): void;
  /** After the last round of a term. */
  stop?(): void;
}

export interface RoundOptions {
  /** performance.now() milliseconds. */
  readonly deadline: number;
  /** Aborts when this replica no longer leads. */
  readonly signal: AbortSignal;
}

export type MakeTask = (context: ControllerContext, survey: Survey) => Task;
