/**
 * Works on all items, `limit` of them at once. After a failure nothing more is begun, and what is under way comes to its
 * end.
 *
 * @throws the first failure.
 */
export async function inFlight<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = left.next(); next.done !== true && failures.length === 0; next = left.next())
      await work(next.value).catch((failure) => void failures.push(failure));
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
