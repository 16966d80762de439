/**
 * Asks again every 10 ms until an answer other than undefined comes, and returns it; throws after
 * `limit` milliseconds.
 */
export async function eventually<T>(ask: () => Promise<T | undefined>, limit = 20_000): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`expected an answer within ${limit} ms, got none`);
    await Bun.sleep(10);
  }
}
