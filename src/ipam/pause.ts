/** Resolves after `milliseconds`, or as soon as one of the signals aborts. Never rejects. */
export function pause(milliseconds: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    for (const signal of signals) {
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    }
  });
}
