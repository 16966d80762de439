import { type Connection, openConnection } from "./connection.ts";
import { type DialFailure, explainDial } from "./dial-failure.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** How to open a connection. */
export interface DialOptions {
  readonly tls: TlsMaterial | undefined;
  /** Milliseconds after which to give up one endpoint. */
  readonly timeoutMs: number;
  /** Milliseconds after which to try the next endpoint as well. */
  readonly hedgeMs: number;
}

/** The first connection, or why each endpoint failed. */
export type Dialled = { readonly connection: Connection } | { readonly failures: readonly DialFailure[] };

/**
 * Opens a connection to the first endpoint that answers, in the given order. An endpoint that refuses costs
 * milliseconds, a silent one `hedgeMs`. Tries each endpoint once. Never rejects.
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
