import { pause } from "../../ipam/pause.ts";
import type { Store } from "../../ipam/store-port.ts";

/** Before a watch that broke off is begun again. */
const PAUSE_MS = 500;
const READ_MS = 10_000;

/**
 * Calls back when a store's identity changes (a suspicion, a recovery), when its watch breaks off, and when
 * the store is there again: it may have been thrown back meanwhile, and the sooner that is noticed, the
 * fewer lost addresses others are given.
 *
 * @returns what ends it.
 */
export function watchIdentity(store: Pick<Store, "read" | "watch">, stirred: () => void): () => void {
  const stopping = new AbortController();
  void follow(store, stirred, stopping.signal);
  return () => stopping.abort();
}

async function follow(
  store: Pick<Store, "read" | "watch">,
  stirred: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await once(store, stirred, signal).catch(() => undefined);
    if (signal.aborted) return;
    stirred();
    await pause(PAUSE_MS, signal);
  }
}

async function once(
  store: Pick<Store, "read" | "watch">,
  stirred: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { revision } = await store.read({}, { deadline: performance.now() + READ_MS });
  if (signal.aborted) return;
  stirred();
  for await (const _ of store.watch({ kind: "meta" }, revision, { signal, keysOnly: true })) stirred();
}
