import { type Interval, isWithin } from "../../address/interval.ts";
import { freePositions } from "../view/slice.ts";
import { countAnswer, type PoolQuestion, type View, windowAnswers } from "../view/view.ts";

/** Which positions of a view count as free. */
export interface FreeSeenOptions {
  readonly ignoreCooling: boolean;
  /** Addresses that the asker must not take, whatever the view shows. */
  readonly excluded: readonly Interval[];
}

/**
 * Yields the positions of a pool that are free for the asker according to a view, in the order of its
 * slice.
 */
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
