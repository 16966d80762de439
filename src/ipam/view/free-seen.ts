import { type Interval, isWithin } from "../../address/interval.ts";
import { freePositions, isUntouched, knownPositions } from "./slice.ts";
import { STRETCH, type Stretch } from "./stretches.ts";
import { answersOf, type PoolQuestion, type View } from "./view.ts";

/** Which positions of a view count as free. */
export interface FreeSeenOptions {
  readonly ignoreCooling: boolean;
  /** Addresses that the asker must not take, whatever the view shows. */
  readonly excluded: readonly Interval[];
}

/**
 * The positions of a pool that are free for the asker according to a view, in the order of the
 * stretch that it takes from; computed one by one where the view shows one only.
 */
export function freeSeen(
  view: View,
  question: PoolQuestion,
  { ignoreCooling, excluded }: FreeSeenOptions,
): Iterable<bigint> {
  const options = { own: question.target.own, ignoreCooling };
  const freeIn = function* (stretch: Stretch) {
    for (const position of freePositions(stretch.slice, answersOf(view, stretch), options))
      if (!isWithin(question.pool.at(position), excluded)) yield position;
  };
  return emptier(question.stretches, freeIn).free;
}

/** A stretch, and what is free in it. */
interface FreeStretch {
  readonly stretch: Stretch;
  readonly free: Iterable<bigint>;
}

/** The stretch of a pool that this node does best to take from, and what the view shows to be free there for anybody. */
export function bestStretch(view: View, question: PoolQuestion): FreeStretch {
  const { stretches, pool, beginning } = question;
  const [own] = stretches;
  if (own !== undefined && beginning === undefined && isUntouchedPool(view, question))
    return { stretch: own, free: Array.from({ length: Number(pool.size) }, (_, index) => BigInt(index)) };
  const options = { own: [], ignoreCooling: false };
  return emptier(stretches, ({ slice, windowIndex }) =>
    freePositions(slice, answersOf(view, { slice, windowIndex }), options),
  );
}

/** So few addresses of two stretches are chosen from both; of more stretches, as many more. */
const FEW = 16;

/** This node's own stretch, unless less than half of it is free and another one is emptier. */
function emptier(stretches: readonly Stretch[], freeIn: (stretch: Stretch) => Iterable<bigint>): FreeStretch {
  const [own, ...others] = stretches;
  if (own === undefined) throw new Error("a view looks at one stretch of each pool at least");
  if (others.length === 0) return { stretch: own, free: freeIn(own) };
  const here = [...freeIn(own)];
  if (here.length >= Number(STRETCH) / 2) return { stretch: own, free: here };
  const all = [
    { stretch: own, free: here },
    ...others.map((stretch) => ({ stretch, free: [...freeIn(stretch)] })),
  ];
  const free = all.flatMap((each) => each.free);
  // The fewer are left, the more nodes want the same one.
  if (free.length <= FEW * others.length) return { stretch: own, free };
  return all.reduce((best, each) => (each.free.length > best.free.length ? each : best));
}

/**
 * Whether nothing of a pool that is new to this node was ever used, as far as the view shows. Then its first
 * address is the first one given out.
 */
export function isUntouchedPool(view: View, question: PoolQuestion): boolean {
  const { stretches, isNew, beginning } = question;
  if (!isNew || (beginning === undefined && !showsAll(view, question))) return false;
  return [...stretches, ...(beginning ? [beginning] : [])].every((stretch) =>
    isUntouched(answersOf(view, stretch)),
  );
}

/** Whether a view leaves no position of the pool unknown. */
export function showsAll(view: View, { pool, stretches }: PoolQuestion): boolean {
  const known = stretches.map((stretch) => knownPositions(stretch.slice, answersOf(view, stretch)));
  return known.reduce((sum, each) => sum + each, 0n) >= pool.size;
}
