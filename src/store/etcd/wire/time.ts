/** Waits for `promise` until `limit` (milliseconds of performance.now()), then rejects with the error of `late`. */
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

/** True as soon as `promise` has resolved or rejected; false where that takes longer than `ms`. */
export async function settledWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return before(performance.now() + ms, settled, () => new Error("slow")).catch(() => false);
}

/** Waits for `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
