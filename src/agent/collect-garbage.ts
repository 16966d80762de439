const EVERY_MS = 3_000;
/** After so many verbs it is worth a pause of some 20 ms also where it is never quiet. */
const MANY = 3_000;

/**
 * Gives back, in a quiet moment or after many verbs, the memory that a crowd of verbs needed: without being told so, the
 * engine keeps what it once had.
 *
 * @param served how many verbs were served so far.
 * @param busy how many are under way.
 * @returns ends it.
 */
export function tidyWhenQuiet(served: () => number, busy: () => number): () => void {
  let tidied = served();
  const timer = setInterval(() => {
    const news = served() - tidied;
    if (news === 0 || (busy() > 0 && news < MANY)) return;
    tidied = served();
    Bun.gc(true);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
