import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Pace } from "./pace.ts";

const TIMES = { restMs: 20, quietMs: 1_000 };
const identity = (stands: boolean, news: number) => ({ stands, news, present: undefined });

/** A pace whose clock the test moves. */
function paced() {
  const clock = { now: 0 };
  return { clock, pace: new Pace(TIMES, () => clock.now) };
}

test("K192: a quiet store that tells of itself is looked at seldom, and any reason makes it due", () => {
  const moment = fc.record({
    passes: fc.integer({ min: 0, max: 3_000 }),
    stands: fc.boolean(),
    news: fc.nat({ max: 1 }),
    watched: fc.boolean(),
    open: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 20 }), (moments) => {
      const { clock, pace } = paced();
      let last: { at: number; news: number | undefined; quiet: boolean } | undefined;
      for (const { passes, stands, news, watched, open } of moments) {
        clock.now += passes;
        const told = watched ? identity(stands, news) : undefined;
        const due = pace.due(told);
        const since = clock.now - (last?.at ?? Number.NEGATIVE_INFINITY);
        if (since < TIMES.restMs) expect(due).toBe(false);
        else if (!watched || !stands || news !== last?.news || !last.quiet) expect(due).toBe(true);
        else if (since < 0.75 * TIMES.quietMs) expect(due).toBe(false);
        else if (since >= 1.25 * TIMES.quietMs) expect(due).toBe(true);
        if (!due) continue;
        pace.begin(told);
        if (!open) pace.end();
        last = { at: clock.now, news: told?.news, quiet: !open };
      }
    }),
  );
});

test("K192: agents that begin together do not go on in step", () => {
  const all = Array.from({ length: 100 }, paced);
  const told = identity(true, 1);
  for (const { pace } of all) {
    pace.begin(told);
    pace.end();
  }
  for (const { clock } of all) clock.now = TIMES.quietMs;
  const due = all.filter(({ pace }) => pace.due(told)).length;
  expect(due).toBeGreaterThan(0);
  expect(due).toBeLessThan(100);
});
