/** Merges sorted sources into one, with one item of each in memory. Of equal items, an earlier source's comes first. */
export async function* merge<T>(
  sources: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads: IteratorResult<T>[] = [];
    for (const iterator of iterators) heads.push(await iterator.next());
    for (;;) {
      const index = leastOf(heads, compare);
      const head = heads[index];
      const iterator = iterators[index];
      if (head === undefined || head.done === true || iterator === undefined) return;
      yield head.value;
      heads[index] = await iterator.next();
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

/** -1 where all have ended. */
function leastOf<T>(heads: readonly IteratorResult<T>[], compare: (a: T, b: T) => number): number {
  let least = -1;
  let value: T | undefined;
  heads.forEach((head, index) => {
    if (head.done === true || (value !== undefined && compare(head.value, value) >= 0)) return;
    least = index;
    value = head.value;
  });
  return least;
}
