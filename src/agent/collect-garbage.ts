const EVERY_MS = 3_000;
/** After so many verbs a pause of some 20 ms is worth it, also where it is never quiet. */
const MANY = 3_000;

/**
 * Gives back, in a quiet moment or after many verbs, the memory that many verbs needed: by itself the
 * engine keeps what it once had.
 *
 * @param served how many verbs were served so far.
 * @param busy how many are under way.
 * @returns ends it.
 */
export function collectGarbageWhenQuiet(served: () => number, busy: () => number): () => void {
  let collected = served();
  const timer = setInterval(() => {
    const news = served() - collected;
    if (news === 0 || (busy() > 0 && news < MANY)) return;
    collected = served();
    Bun.gc(true);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
