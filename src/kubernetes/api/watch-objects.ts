import * as v from "valibot";
import type { Api } from "./api.ts";
import type { Kind } from "./kinds.ts";
import { folderOf, withQuery } from "./path.ts";

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
}

/** Seconds after which the API server ends the watch by itself. */
const SERVER_ENDS_SECONDS = 240;
/** Milliseconds after which a watch ends even if the API server does not end it. */
const MOST_MS = 300_000;

const line = v.object({ type: v.string(), object: v.unknown() });

/**
 * Yields all objects of a kind as ADDED, then their changes, over one connection. Ends when the API server
 * ends it, after four minutes, or when `signal` aborts. It misses changes between two watches, so list
 * the objects now and then as well.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function* watchObjects<T>(
  api: Api,
  kind: Kind<T>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const folder = folderOf(kind);
  const path = withQuery(folder, { watch: 1, timeoutSeconds: SERVER_ENDS_SECONDS });
  const ending = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
  const options = { signal: ending, opened: () => undefined };
  try {
    for await (const told of api.lines(path, { verb: "watch", kind, name: {} }, options)) {
      const { object, type } = api.parse(line, told, folder);
      if (type === "ADDED" || type === "MODIFIED" || type === "DELETED")
        yield { type, object: api.parse(kind.shape, object, folder) };
    }
  } catch (failure) {
    if (!ending.aborted) throw failure;
  }
}
