const EVERY_MS = 3_000;

/**
 * Gives back, in a quiet moment, the memory that a crowd of verbs needed: without being told so, the
 * engine keeps what it once had.
 *
 * @param served how many verbs were served so far.
 * @param busy how many are under way.
 * @returns ends it.
 */
export function tidyWhenQuiet(served: () => number, busy: () => number): () => void {
  let tidied = served();
  const timer = setInterval(() => {
    if (busy() > 0 || served() === tidied) return;
    tidied = served();
    Bun.gc(true);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
