import type { Pool } from "./pool.ts";
import { sortableText } from "./sortable.ts";

/** A pool of few holes is told by its intervals; of more, by a hash of them. */
const LONGEST = 512;

const keys = new WeakMap<Pool, string>();

/**
 * Equal for pools that number the same addresses in the same way: networks on one subnet may leave out other ones.
 * Of bounded length, however many holes the pool has.
 */
export function poolKey(pool: Pool): string {
  const known = keys.get(pool) ?? keyOf(pool);
  keys.set(pool, known);
  return known;
}

function keyOf({ intervals, size }: Pool): string {
  const text = intervals.map(({ first, last }) => `${sortableText(first)}-${sortableText(last)}`).join();
  return text.length <= LONGEST ? text : `${size} ${Bun.hash(text)}`;
}
