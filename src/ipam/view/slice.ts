import type { Address } from "../../address/address.ts";
import type { Pool } from "../../address/pool.ts";
import type { Window, WindowAnswer } from "../store-port.ts";

/**
 * How many positions one look at a pool has. In a pool that is 99 % full, a look without a free address
 * has a chance of 0.99 ^ 512 = 0.6 %, so an ADD mostly needs two round trips (FLAT).
 */
export const LOOK = 512n;

/**
 * The positions of a pool from `start` on, continuing at the pool's beginning after its end: one or two
 * windows.
 */
export interface Slice {
  readonly pool: Pool;
  readonly start: bigint;
  readonly windows: readonly Window[];
}

/** The slice of `pool` in `space` that begins at position `start` and has `length` positions at most. */
export function sliceFrom(pool: Pool, start: bigint, space: string, length: bigint = LOOK): Slice {
  const toEnd = pool.size - start;
  const windows = [windowOf(pool, start, toEnd < length ? toEnd : length, space)];
  const rest = length - toEnd;
  if (rest > 0n && start > 0n) windows.push(windowOf(pool, 0n, rest < start ? rest : start, space));
  return { pool, start, windows };
}

/** How many positions of a slice its answers tell of. */
export function knownPositions(slice: Slice, answers: readonly WindowAnswer[]): bigint {
  let known = 0n;
  slice.windows.forEach((window, index) => {
    const complete = answers[index]?.knownThrough.value === window.last.value;
    if (complete) known += position(slice.pool, window.last) - position(slice.pool, window.first) + 1n;
  });
  return known;
}

/** Which addresses count as free. */
export interface FreeOptions {
  /** Addresses that are reserved for the asker. */
  readonly own: readonly Address[];
  readonly ignoreCooling: boolean;
}

/**
 * Yields the free positions of a slice in its order, one by one: an ADD mostly takes the first.
 */
export function* freePositions(
  slice: Slice,
  answers: readonly WindowAnswer[],
  options: FreeOptions,
): Generator<bigint, undefined, undefined> {
  for (const [index, window] of slice.windows.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    const taken = takenIn(answer, options);
    const last = lastKnown(slice.pool, window, answer);
    for (let at = position(slice.pool, window.first); at <= last; at++) {
      if (!taken.has(slice.pool.at(at).value)) yield at;
    }
  }
}

/** Whether no record at all lies in a slice. */
export function isUntouched(answers: readonly WindowAnswer[]): boolean {
  return answers.every(
    ({ allocated, reserved, cooling }) => allocated.length + reserved.length + cooling.length === 0,
  );
}

function takenIn(answer: WindowAnswer, options: FreeOptions): Set<bigint> {
  const taken = new Set<bigint>();
  for (const { value } of answer.reserved) taken.add(value);
  for (const { value } of options.own) taken.delete(value);
  for (const { value } of answer.allocated) taken.add(value);
  if (!options.ignoreCooling) for (const { value } of answer.cooling) taken.add(value);
  return taken;
}

function lastKnown(pool: Pool, window: Window, answer: WindowAnswer): bigint {
  const end = answer.knownThrough.value < window.last.value ? answer.knownThrough : window.last;
  return pool.lastPositionUpTo(end);
}

function windowOf(pool: Pool, start: bigint, length: bigint, space: string): Window {
  return { space, first: pool.at(start), last: pool.at(start + length - 1n), limit: Number(length) };
}

function position(pool: Pool, address: Address): bigint {
  return pool.positionOf(address) ?? 0n;
}
