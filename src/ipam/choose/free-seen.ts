import { type Interval, isWithin } from "../../address/interval.ts";
import { freePositions } from "../view/slice.ts";
import { countAnswer, type PoolQuestion, type View, windowAnswers } from "../view/view.ts";

export interface FreeSeenOptions {
  readonly ignoreCooling: boolean;
  /** What is for others, whatever the view shows. */
  readonly excluded: readonly Interval[];
}

/** Positions of a pool that a view shows to be free for the asker, in the order of its look. */
export function* freeSeen(
  view: View,
  question: PoolQuestion,
  { ignoreCooling, excluded }: FreeSeenOptions,
): Generator<bigint, undefined, undefined> {
  const count = countAnswer(view, question);
  const { pool } = question.slice;
  const untouched = count !== undefined && count.allocated + count.reserved + count.cooling === 0;
  const options = { own: question.target.own, ignoreCooling };
  const free = untouched ? [0n] : freePositions(question.slice, windowAnswers(view, question), options);
  for (const position of free) if (!isWithin(pool.at(position), excluded)) yield position;
}
