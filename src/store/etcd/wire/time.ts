/** Rejects with what `late` makes when `promise` has not settled by `limit` (performance.now()). */
export async function before<T>(limit: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: Timer | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.max(0, limit - performance.now()));
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** True as soon as `promise` has settled either way; false when that takes longer than `ms`. */
export async function settledWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return before(performance.now() + ms, settled, () => new Error("slow")).catch(() => false);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
