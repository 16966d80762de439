import type { Address } from "../address/address.ts";
import { type Interval, intervalContains } from "../address/interval.ts";
import type { Attempt } from "./attempt.ts";
import { countAnswer, type Picture, type PoolQuestion, windowAnswers } from "./picture.ts";
import { foreignRanges } from "./reserved-ranges.ts";
import { freePositions } from "./window.ts";

/** Positions of a pool that a picture shows to be free for the asker, in the order of its look. */
export function* freeSeen(
  attempt: Attempt,
  picture: Picture,
  question: PoolQuestion,
  { ignoreCooling }: { readonly ignoreCooling: boolean },
): Generator<bigint, undefined, undefined> {
  const count = countAnswer(picture, question);
  const { pool } = question.look;
  const foreign = foreignRanges(attempt, picture);
  const untouched = count !== undefined && count.allocated + count.reserved + count.cooling === 0;
  const options = { own: question.target.own, ignoreCooling };
  const free = untouched ? [0n] : freePositions(question.look, windowAnswers(picture, question), options);
  for (const position of free) if (!isWithin(pool.at(position), foreign)) yield position;
}

export function isWithin(address: Address, intervals: readonly Interval[]): boolean {
  return intervals.some((interval) => intervalContains(interval, address));
}
