import { type Connection, openConnection } from "./connection.ts";
import { type DialFailure, explainDial } from "./dial-failure.ts";
import type { TlsMaterial } from "./tls-files.ts";

export interface DialOptions {
  readonly tls: TlsMaterial | undefined;
  /** Milliseconds after which one endpoint is given up. */
  readonly timeoutMs: number;
  /** Milliseconds after which the next endpoint is tried beside one that has not answered yet. */
  readonly hedgeMs: number;
}

export type Dialled = { readonly connection: Connection } | { readonly failures: readonly DialFailure[] };

/**
 * Opens a connection to the first endpoint that answers, in the order given: one that refuses costs
 * milliseconds, one that is silent `hedgeMs`. Each endpoint is tried once. Never rejects.
 */
export async function dial(endpoints: readonly string[], options: DialOptions): Promise<Dialled> {
  const failures: DialFailure[] = [];
  const opened: Connection[] = [];
  const losers = new AbortController();
  const pending = [...endpoints];
  const running = new Set<Promise<unknown>>();
  const start = (endpoint: string) => {
    const tls = endpoint.startsWith("https:") ? options.tls : undefined;
    const attempt = openConnection(endpoint, tls, options.timeoutMs, losers.signal)
      .then((connection) => opened.push(connection))
      .catch(async (error) => {
        if (!losers.signal.aborted) failures.push(await explainDial(endpoint, error, tls));
      })
      .finally(() => running.delete(attempt));
    running.add(attempt);
  };
  try {
    for (;;) {
      const next = pending.shift();
      if (next !== undefined) start(next);
      if (running.size === 0) return { failures };
      await firstOf(running, pending.length > 0 ? options.hedgeMs : undefined);
      const [connection] = opened;
      if (connection !== undefined) return { connection };
    }
  } finally {
    losers.abort();
    for (const late of opened.slice(1)) late.close();
  }
}

/** Waits until one of `running` has ended, or `ms` have gone by. */
async function firstOf(running: Iterable<Promise<unknown>>, ms: number | undefined): Promise<unknown> {
  if (ms === undefined) return Promise.race(running);
  let timer: Timer | undefined;
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await Promise.race([...running, pause]);
  } finally {
    clearTimeout(timer);
  }
}
