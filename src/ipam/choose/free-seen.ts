import { type Interval, isWithin } from "../../address/interval.ts";
import { countAnswer, type Picture, type PoolQuestion, windowAnswers } from "../view/picture.ts";
import { freePositions } from "../view/window.ts";

export interface FreeSeenOptions {
  readonly ignoreCooling: boolean;
  /** What is for others, whatever the picture shows. */
  readonly excluded: readonly Interval[];
}

/** Positions of a pool that a picture shows to be free for the asker, in the order of its look. */
export function* freeSeen(
  picture: Picture,
  question: PoolQuestion,
  { ignoreCooling, excluded }: FreeSeenOptions,
): Generator<bigint, undefined, undefined> {
  const count = countAnswer(picture, question);
  const { pool } = question.look;
  const untouched = count !== undefined && count.allocated + count.reserved + count.cooling === 0;
  const options = { own: question.target.own, ignoreCooling };
  const free = untouched ? [0n] : freePositions(question.look, windowAnswers(picture, question), options);
  for (const position of free) if (!isWithin(pool.at(position), excluded)) yield position;
}
